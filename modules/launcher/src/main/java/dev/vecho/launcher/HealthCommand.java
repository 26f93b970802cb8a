package dev.vecho.launcher;

import dev.vecho.launcher.ManagementClient.Response;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vecho health}: asks a running service whether it is well, for containers and systemd. */
@Command(
        name = "health",
        description = {
            "Asks the management listener of a running service whether it is well.",
            "Prints what is wrong where it is not. Where the service wants a token, --live and --ready need none."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:the service is up, maybe degraded",
            "1:it is not, or does not answer",
            "2:wrong usage, or a file that cannot be read",
            Main.ITSELF_FAILED
        })
final class HealthCommand implements Callable<Integer> {

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ManagementClient client = new ManagementClient();

    @ArgGroup(exclusive = true)
    private Which which = new Which();

    /** What is asked. */
    static final class Which {

        @Option(names = "--live", description = "Asks only whether the process works; also while it stops.")
        private boolean live;

        @Option(names = "--ready", description = "Asks only whether clients should be sent to it.")
        private boolean ready;
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        client.open();
        String path = which.live ? "/health/live" : which.ready ? "/health/ready" : "/health";
        Response response;
        try {
            response = client.get(path);
        } catch (IOException e) {
            out.println(client.url() + ": " + e.getMessage());
            return Main.FAILED_CHECK;
        }
        JsonObject body = response.body();
        String outcome = body.getString("outcome", "");
        if (outcome.isEmpty()) {
            out.println(client.url() + ": " + response.detail());
            return Main.FAILED_CHECK;
        }
        boolean up = response.status() == 200 && outcome.equals("UP");
        boolean degraded = body.getBoolean("degraded", false);
        out.println(client.url() + ": " + (up ? degraded ? "up, degraded" : "up" : "down"));
        print(out, "", body.getJsonArray("checks", new JsonArray()));
        return up ? 0 : Main.FAILED_CHECK;
    }

    /** Prints the checks that are down, and what is degraded. */
    private static void print(PrintWriter out, String within, JsonArray checks) {
        for (Object each : checks) {
            JsonObject check = (JsonObject) each;
            String name = within + check.getString("id", "");
            JsonObject data = check.getJsonObject("data", new JsonObject());
            if (check.containsKey("checks")) {
                print(out, name + "/", check.getJsonArray("checks"));
            } else if ("DOWN".equals(check.getString("status"))) {
                out.println(name + ": " + why(data));
            }
            if (data.getBoolean("degraded", false)) {
                out.println(name + ": the last one was rejected, the one before is in effect");
                data.getJsonArray("problems", new JsonArray()).forEach(problem -> out.println("  " + problem));
            }
        }
    }

    private static String why(JsonObject data) {
        if (data.getValue("addresses") instanceof JsonArray addresses) {
            StringBuilder all = new StringBuilder();
            for (Object each : addresses) {
                JsonObject address = (JsonObject) each;
                if (address.containsKey("cause")) {
                    all.append(all.isEmpty() ? "" : "; ")
                            .append(address.getString("address"))
                            .append(": ")
                            .append(address.getString("cause"));
                }
            }
            return all.toString();
        }
        return data.getString("cause", data.getString("state", "down"));
    }
}
