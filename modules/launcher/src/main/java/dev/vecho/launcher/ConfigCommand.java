package dev.vecho.launcher;

import dev.vecho.core.Transports;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import dev.vecho.server.Configuration.Flag;
import dev.vecho.server.ConfigurationSchema;
import dev.vecho.server.ConfiguredValue;
import io.vertx.core.Vertx;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vecho config}: tells what the service's configuration comes to, or all that is wrong with it. */
@Command(
        name = "config",
        description = {
            "Prints the configuration that serve would run with, and opens nothing.",
            "A line for each key that has a value: the key, its value as JSON, and where the value is from: a file, a store, an "
                    + "environment variable, a system property, a flag or default. Passwords are masked. What is wrong is told as "
                    + "serve tells it, all at once. With --cluster, the flags of the cluster are among the keys, each by its name."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the configuration is right", "2:wrong usage or configuration", Main.ITSELF_FAILED})
final class ConfigCommand implements Callable<Integer> {

    /** Values are aligned up to here; beyond it stands what is longer. */
    private static final int MAX_COLUMN = 60;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ListenerFlags flags = new ListenerFlags();

    @Mixin
    private ClusterFlags cluster = new ClusterFlags();

    @Option(
            names = "--format",
            paramLabel = Output.NAMES,
            description =
                    "How to print it; json is an object with the keys, each with its value and source. Default: text")
    private Output format = Output.text;

    @Option(
            names = "--schema",
            description =
                    "Prints the JSON Schema (draft 2020-12) of the configuration with the transports that are on the"
                            + " class path, and reads none.")
    private boolean schema;

    @Override
    public Integer call() {
        CommandSpec known = Objects.requireNonNull(spec);
        PrintWriter out = known.commandLine().getOut();
        cluster.validate();
        List<Flag> listener = flags.flags();
        if (schema) {
            flags.given()
                    .or(() -> cluster.wanted() ? Optional.of("--cluster") : Optional.empty())
                    .ifPresent(given -> {
                        throw new ParameterException(
                                known.commandLine(),
                                "--schema reads no configuration: " + given + " is of no use with it");
                    });
            out.println(ConfigurationSchema.of(Transports.load()).encodePrettily());
            return 0;
        }
        Vertx vertx = Launch.vertx(Io.AUTO);
        List<ConfiguredValue> values;
        try {
            Configuration configuration = Configuration.load(vertx, flags.files(), flags.stores(), listener)
                    .await();
            if (Launch.wantsOtherIo(vertx, configuration)) {
                vertx.close().await();
                vertx = Launch.vertx(configuration.io());
            }
            values = new ArrayList<>(configuration.effective(vertx, Transports.load()));
            values.addAll(cluster.values());
        } finally {
            vertx.close().await();
        }
        if (format == Output.json) {
            JsonObject all = new JsonObject();
            values.forEach(each -> all.put(
                    each.key(), new JsonObject().put("value", each.value()).put("source", each.source())));
            out.println(all.encodePrettily());
        } else {
            print(out, values);
        }
        return 0;
    }

    private static void print(PrintWriter out, List<ConfiguredValue> values) {
        int width = values.stream()
                .mapToInt(each -> line(each).length())
                .filter(length -> length <= MAX_COLUMN)
                .max()
                .orElse(0);
        for (ConfiguredValue each : values) {
            String line = line(each);
            out.println(line + " ".repeat(Math.max(0, width - line.length())) + "   (" + each.source() + ")");
        }
    }

    private static String line(ConfiguredValue value) {
        return value.key() + " = " + Json.encode(value.value());
    }
}
