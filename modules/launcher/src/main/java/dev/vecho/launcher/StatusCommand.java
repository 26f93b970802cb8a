package dev.vecho.launcher;

import dev.vecho.launcher.ManagementClient.Response;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vecho status}: what a running service does, once or again and again. */
@Command(
        name = "status",
        description = {
            "Shows what a running service does: its listeners, their rates, and the busiest connections.",
            "It asks the management listener twice and compares. On a terminal it goes on until q or Ctrl-C; elsewhere it prints "
                    + "once."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:the service has answered",
            "1:it does not answer",
            "2:wrong usage, or a file that cannot be read",
            Main.ITSELF_FAILED
        })
final class StatusCommand implements Callable<Integer> {

    private static final Duration LEAST_INTERVAL = Duration.ofMillis(100);

    /** As many connections as one page of the service has. */
    private static final String PAGE = "/connections?limit=1000";

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ManagementClient client = new ManagementClient();

    @Option(
            names = {"-o", "--output"},
            paramLabel = Output.NAMES,
            defaultValue = "text",
            description = "What standard output gets. Default: ${DEFAULT-VALUE}")
    private Output output = Output.text;

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "D",
            defaultValue = "1s",
            description = "How long a rate is measured. Default: ${DEFAULT-VALUE}")
    private Duration interval = Duration.ZERO;

    @Option(
            names = {"-n", "--connections"},
            paramLabel = "N",
            defaultValue = "10",
            description = "How many of the busiest connections are shown. Default: ${DEFAULT-VALUE}")
    private int count;

    @Option(names = "--once", description = "Prints once, also on a terminal.")
    private boolean once;

    @Override
    public Integer call() throws InterruptedException {
        CommandSpec known = Objects.requireNonNull(spec);
        if (interval.compareTo(LEAST_INTERVAL) < 0) {
            throw new ParameterException(
                    known.commandLine(), "--interval: must be 100ms or more, was " + interval.toMillis() + "ms");
        }
        if (count < 0) {
            throw new ParameterException(known.commandLine(), "--connections: must be 0 or more, was " + count);
        }
        client.open();
        PrintWriter out = known.commandLine().getOut();
        boolean live = output == Output.text && !once && Ansi.AUTO.enabled();
        try {
            if (live) {
                watch(out);
            } else {
                JsonObject first = ask();
                // A rate needs two looks; nothing else goes on in this process meanwhile.
                Thread.sleep(interval.toMillis());
                StatusView view = new StatusView(first, ask(), count);
                out.print(output == Output.json ? view.toJson().encodePrettily() + "\n" : view.toText());
            }
            return 0;
        } catch (IOException e) {
            known.commandLine().getErr().println(client.url() + ": " + e.getMessage());
            return Main.FAILED_CHECK;
        } finally {
            out.flush();
        }
    }

    /** What the service tells at this moment. */
    private JsonObject ask() throws IOException, InterruptedException {
        JsonObject version = get("/version");
        JsonArray listeners = get("/listeners").getJsonArray("listeners");
        JsonObject page = get(PAGE);
        JsonArray checks = get("/checks?order=state&limit=1000").getJsonArray("checks");
        return new JsonObject()
                .put("url", client.url())
                .put("nanos", System.nanoTime())
                .put("service", version)
                .put("listeners", listeners)
                .put("checks", checks)
                .put("connections", page.getJsonArray("connections"))
                .put("more", page.containsKey("next"));
    }

    private JsonObject get(String path) throws IOException, InterruptedException {
        Response response = client.get(path);
        if (response.status() != 200) {
            throw new IOException(response.detail());
        }
        return response.body();
    }

    private void watch(PrintWriter out) throws IOException, InterruptedException {
        try (LiveScreen screen = new LiveScreen(out)) {
            JsonObject before = ask();
            while (!screen.isToEndWithin(interval)) {
                JsonObject now = ask();
                screen.draw(new StatusView(before, now, count).toText());
                before = now;
            }
        }
    }
}
