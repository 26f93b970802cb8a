package dev.vecho.launcher;

import dev.vecho.core.TransportException;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Json;
import dev.vecho.load.Comparison;
import dev.vecho.load.Load;
import dev.vecho.load.Load.Progress;
import dev.vecho.load.LoadOptions;
import dev.vecho.load.LoadResult;
import dev.vecho.net.io.Io;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vecho bench}: load with verification. */
@Command(
        name = "bench",
        description = {
            "Puts load on an echo server, verifies every byte, and says how fast it was.",
            "Only against servers that are yours: it sends as much as it can. Ctrl-C ends it and prints what was measured."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:every byte that came back was right, and nothing was worse than --compare allows",
            "1:a byte was wrong, a connection failed, or something was worse than --compare allows",
            "2:wrong usage or target",
            "3:Vecho itself failed, or had too little time to judge"
        })
final class BenchCommand implements Callable<Integer> {

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "TARGET", description = "Such as tcp://localhost:7007.")
    private String target = "";

    @Option(
            names = {"-c", "--connections"},
            paramLabel = "N",
            defaultValue = "1",
            description = "How many at the same time. Default: ${DEFAULT-VALUE}")
    private int connections;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            defaultValue = "64",
            description = "Of a message. Default: ${DEFAULT-VALUE}")
    private int size;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "How many messages each connection may have under way. Default: 1, with --rate 64")
    private @Nullable Integer depth;

    @Option(
            names = {"-d", "--duration"},
            paramLabel = "D",
            defaultValue = "10s",
            description = "How long to measure, such as 500ms. Default: ${DEFAULT-VALUE}")
    private Duration duration = Duration.ZERO;

    @Option(
            names = {"-w", "--warmup"},
            paramLabel = "D",
            defaultValue = "2s",
            description = "How long before it is measured. Default: ${DEFAULT-VALUE}")
    private Duration warmup = Duration.ZERO;

    @Option(
            names = {"-r", "--rate"},
            paramLabel = "N",
            defaultValue = "0",
            description = {
                "Messages a second, over all connections; with --new-connections, connections a second. Each is sent when"
                        + " it is due, and its latency is told from then on as well: a stall is not hidden.",
                "Default: 0, the next message is sent when one has come back."
            })
    private double rate;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Event loops that the connections are spread over. Default: ${DEFAULT-VALUE}")
    private int threads;

    @Option(names = "--new-connections", description = "A new connection for each message: connect, one echo, close.")
    private boolean newConnections;

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "D",
            defaultValue = "5s",
            description = "For connecting, and for a message to come back. Default: ${DEFAULT-VALUE}")
    private Duration timeout = Duration.ZERO;

    @Option(
            names = {"-o", "--output"},
            paramLabel = Output.NAMES,
            defaultValue = "text",
            description = "What standard output gets. Default: ${DEFAULT-VALUE}")
    private Output output = Output.text;

    @Option(
            names = "--compare",
            paramLabel = "FILE",
            description = "An earlier result, as --output json has written it. Exit code 1 if messages a second, or the"
                    + " latency's median or 99th percentile, is worse than --threshold allows.")
    private @Nullable Path compare;

    @Option(
            names = "--threshold",
            paramLabel = "PERCENT",
            defaultValue = "5",
            description = "How much worse than the earlier result it may be. Default: ${DEFAULT-VALUE}")
    private double threshold;

    @ArgGroup(validate = false, heading = "%nFor targets with TLS:%n")
    private CheckCommand.TlsFlags tls = new CheckCommand.TlsFlags();

    @Mixin
    private OptionFlags options = new OptionFlags();

    @Mixin
    private ClusterFlags cluster = new ClusterFlags();

    private final LiveLine live = new LiveLine();

    @Override
    public Integer call() throws Exception {
        cluster.validate();
        LoadOptions options = options();
        ResourceLimits.warn(connections);
        JsonObject earlier = compare == null ? null : read(compare);
        CountDownLatch interrupted = new CountDownLatch(1);
        Signals.stopCommand(interrupted);
        ((Main) Objects.requireNonNull(spec).root().userObject()).output().onFailure(interrupted::countDown);
        Vertx vertx = Launch.vertx(Io.AUTO, threads, cluster, false);
        try {
            Load load = new Load(vertx, options);
            Thread stopper = new Thread(
                    () -> {
                        try {
                            interrupted.await();
                            load.stop();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    "stopper");
            stopper.setDaemon(true);
            stopper.start();
            LoadResult result = load.run(this::show).await();
            live.clear();
            return print(result, earlier);
        } catch (Exception e) {
            OutOfMemoryError lack = OwnFailure.outOfMemory(e);
            if (lack != null) {
                // It says nothing about the server.
                throw lack;
            }
            Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            if (cause instanceof TransportException) {
                live.clear();
                out().println(target + ": FAILED " + cause.getMessage());
                out().flush();
                return Main.FAILED_CHECK;
            }
            throw e;
        } finally {
            vertx.close().await();
        }
    }

    private LoadOptions options() {
        if (!(threshold >= 0)) {
            throw usage("--threshold: must be 0 or more, was " + threshold);
        }
        int underWay = depth != null ? depth : rate > 0 && !newConnections ? 64 : 1;
        try {
            return new LoadOptions(
                    target,
                    connections,
                    size,
                    underWay,
                    rate,
                    warmup,
                    duration,
                    threads,
                    newConnections,
                    timeout,
                    tls.toJson(),
                    options.toJson());
        } catch (IllegalArgumentException e) {
            throw usage("--" + e.getMessage());
        }
    }

    private static JsonObject read(Path file) {
        try {
            return Json.parse(file.toString(), Buffer.buffer(Files.readAllBytes(file)));
        } catch (NoSuchFileException e) {
            throw new InvalidInputException(List.of(file + ": no such file"));
        } catch (IOException e) {
            throw new InvalidInputException(List.of(file + ": cannot be read: " + e.getMessage()));
        }
    }

    private int print(LoadResult result, @Nullable JsonObject earlier) {
        Comparison comparison = null;
        if (earlier != null) {
            try {
                comparison = Comparison.of(earlier, result, threshold / 100);
            } catch (IllegalArgumentException e) {
                throw new InvalidInputException(List.of(compare + ": " + e.getMessage()));
            }
        }
        if (output == Output.json) {
            JsonObject json = result.toJson();
            if (comparison != null) {
                json.put("comparison", new JsonArray(comparison.toJson()));
            }
            out().println(json.encodePrettily());
        } else {
            out().print(result.toText());
            out().print(comparison == null ? "" : comparison.toText());
        }
        out().flush();
        if (result.unjudged()) {
            return Main.OWN_FAILURE;
        }
        return result.passed() && (comparison == null || comparison.passed()) ? 0 : Main.FAILED_CHECK;
    }

    private void show(Progress progress) {
        live.show(String.format(
                Locale.ROOT,
                "%s %3d s  %,.0f a second%s",
                progress.measuring() ? "measuring" : "warming up",
                progress.elapsed().toSeconds(),
                progress.messagesPerSecond(),
                progress.measuring()
                        ? String.format(
                                Locale.ROOT, "  p99 %.3f ms", progress.latency().p99())
                        : ""));
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    private ParameterException usage(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }
}
