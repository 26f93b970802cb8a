package dev.vecho.launcher;

import dev.vecho.client.Check;
import dev.vecho.client.Report;
import dev.vecho.client.Script;
import dev.vecho.client.Summary;
import dev.vecho.client.TargetReport;
import dev.vecho.client.TextReport;
import dev.vecho.core.InvalidInputException;
import dev.vecho.core.Io;
import dev.vecho.core.Source;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vecho check}: plays a script against each target and says whether every byte came back. */
@Command(
        name = "check",
        description = {
            "Plays a script against each target and says whether every byte came back, how fast, and what broke if not.",
            "Without a script: sends a line of text, expects its echo, closes the output, expects the end.",
            "Ctrl-C ends it and prints the summary."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:every check passed",
            "1:a check failed",
            "2:wrong usage, script or target",
            "3:Vecho itself failed"
        })
final class CheckCommand implements Callable<Integer> {

    private static final Source COMMAND_LINE = Source.named("command line");

    enum Output {
        text,
        json
    }

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            paramLabel = "TARGET",
            arity = "0..*",
            description = "Such as tcp://localhost:7007 or tls://[::1]:7443; instead of those of the script."
                    + " Default: tcp://localhost:7007")
    private List<String> targets = new ArrayList<>();

    @Option(
            names = {"-s", "--script"},
            paramLabel = "SCRIPT",
            description = "A JSON file.")
    private @Nullable Path scriptFile;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            description = "How many rounds; 0 for until Ctrl-C. Default: the script's, or 1.")
    private @Nullable Integer count;

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "D",
            defaultValue = "1s",
            description = "From the start of one round to that of the next, such as 500ms. Default: ${DEFAULT-VALUE}")
    private Duration interval = Duration.ofSeconds(1);

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            description = "Sends so many random bytes instead of the line of text; not with a script.")
    private @Nullable Long size;

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "D",
            description = "For connecting, and for each wait without a limit of its own. Default: the script's, or 5s.")
    private @Nullable Duration timeout;

    @Option(
            names = {"-o", "--output"},
            defaultValue = "text",
            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
    private Output output = Output.text;

    @ArgGroup(validate = false, heading = "%nFor tls:// targets:%n")
    private TlsFlags tls = new TlsFlags();

    @Mixin
    private ClusterFlags cluster = new ClusterFlags();

    /** The flags that become the script's {@code tls} object. */
    static final class TlsFlags {
        @Option(
                names = "--trust",
                paramLabel = "FILE",
                description = "Certificates of authorities to trust, in PEM. Default: those of the JDK.")
        private @Nullable String trust;

        @Option(
                names = "--fingerprint",
                paramLabel = "SHA256",
                description = "Trusts just the certificate with this fingerprint.")
        private @Nullable String fingerprint;

        @Option(names = "--insecure", description = "Trusts any certificate, whatever its name.")
        private boolean insecure;

        @Option(names = "--cert", paramLabel = "FILE", description = "The client's own certificate, in PEM.")
        private @Nullable String certificate;

        @Option(names = "--key", paramLabel = "FILE", description = "Its private key, in PEM.")
        private @Nullable String key;

        @Option(
                names = "--server-name",
                paramLabel = "NAME",
                description = "The name to ask for and to find in the certificate. Default: the target's host.")
        private @Nullable String serverName;

        @Option(names = "--alpn", paramLabel = "PROTOCOL", split = ",", description = "Application protocols to offer.")
        private List<String> alpn = new ArrayList<>();

        JsonObject toJson() {
            JsonObject json = new JsonObject();
            put(json, "trust", trust);
            put(json, "fingerprint", fingerprint);
            put(json, "certificate", certificate);
            put(json, "key", key);
            put(json, "serverName", serverName);
            if (insecure) {
                json.put("insecure", true);
            }
            if (!alpn.isEmpty()) {
                json.put("alpn", new JsonArray(alpn));
            }
            return json;
        }

        private static void put(JsonObject json, String name, @Nullable String value) {
            if (value != null) {
                json.put(name, value);
            }
        }
    }

    /** One target's rounds; JSON keeps each, text only what the summary needs. */
    private static final class Results {
        private final Check check;
        private final List<Report> rounds = new ArrayList<>();
        private Summary summary = Summary.NONE;

        Results(Check check) {
            this.check = check;
        }
    }

    @Override
    public Integer call() throws Exception {
        cluster.validate();
        CountDownLatch interrupted = new CountDownLatch(1);
        Signals.stopOrHalt(interrupted);
        Script script = script();
        int rounds = count == null ? script.repeat() : count;
        if (rounds < 0) {
            throw usage("--count: must be 0 or more, was " + rounds);
        }
        if (rounds == 0 && output == Output.json) {
            throw usage("--count 0 has no end, and --output json is one document: give a count");
        }
        Vertx vertx = Launch.vertx(Io.AUTO, cluster, false);
        try {
            List<Results> all =
                    Check.open(vertx, script).await().stream().map(Results::new).toList();
            warmUp(vertx);
            boolean failed = play(all, rounds, interrupted);
            print(all);
            return failed ? Main.FAILED_CHECK : 0;
        } finally {
            vertx.close().await();
        }
    }

    /**
     * Checks a listener of our own once, and tells nobody: else the first round trip would be that of a JVM that still
     * loads its classes, a hundred times as long as the next one.
     */
    private static void warmUp(Vertx vertx) {
        JsonObject listener = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        EchoServerVerticle server = new EchoServerVerticle();
        vertx.deployVerticle(
                        server,
                        new DeploymentOptions()
                                .setConfig(new JsonObject()
                                        .put("drainMillis", 0)
                                        .put("listeners", new JsonObject().put("warm-up", listener))))
                .compose(deployed -> Check.once(
                                vertx, server.listeners().get(0).addresses().get(0))
                        .eventually(() -> vertx.undeploy(deployed)))
                // Where it cannot listen the first round is slow, and nothing worse.
                .transform(warm -> Future.succeededFuture())
                .await();
    }

    private Script script() {
        Script script = Script.standard();
        if (scriptFile != null) {
            if (size != null) {
                throw usage("--size is for the default script, not for " + scriptFile);
            }
            Path directory = Objects.requireNonNull(scriptFile.toAbsolutePath().getParent());
            try {
                script = Script.parse(
                        Buffer.buffer(Files.readAllBytes(scriptFile)),
                        new Source(scriptFile.toString(), directory, false));
            } catch (NoSuchFileException e) {
                throw new InvalidInputException(List.of(scriptFile + ": no such file"));
            } catch (IOException e) {
                throw new InvalidInputException(List.of(scriptFile + ": cannot be read: " + e.getMessage()));
            }
        }
        if (size != null) {
            if (size < 0) {
                throw usage("--size: must be 0 or more, was " + size);
            }
            script = script.withSize(size);
        }
        if (timeout != null) {
            if (timeout.toMillis() < 1) {
                throw usage("--timeout: must be 1ms or more");
            }
            script = script.withTimeout(timeout);
        }
        if (!targets.isEmpty()) {
            script = script.withTargets(targets, COMMAND_LINE);
        }
        return script.withTls(tls.toJson(), COMMAND_LINE);
    }

    /** Plays round after round, all targets at once; says whether any of it failed. */
    private boolean play(List<Results> all, int rounds, CountDownLatch interrupted) throws InterruptedException {
        long start = System.nanoTime();
        for (int round = 1; (rounds == 0 || round <= rounds) && interrupted.getCount() > 0; round++) {
            int number = round;
            CountDownLatch played = new CountDownLatch(1);
            Future<?> playing = Future.join(all.stream()
                    .map(results -> results.check.play(number).onSuccess(report -> add(results, report)))
                    .toList());
            playing.onComplete(done -> played.countDown());
            if (!awaitEither(played, interrupted)) {
                Future.join(all.stream().map(results -> results.check.close()).toList())
                        .await();
                played.await();
            }
            if (playing.failed() && !(playing.cause() instanceof CancellationException)) {
                throw playing.cause() instanceof InvalidInputException invalid
                        ? invalid
                        : new IllegalStateException("a check could not be played", playing.cause());
            }
            if (round != rounds) {
                long next = start + round * interval.toNanos();
                if (interrupted.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    break;
                }
            }
        }
        // What was interrupted before its first round ended has not passed.
        return all.stream().anyMatch(results -> results.summary.failed() > 0 || results.summary.rounds() == 0);
    }

    /** Waits until the round is played (true) or the user wants to end (false). */
    private static boolean awaitEither(CountDownLatch played, CountDownLatch interrupted) throws InterruptedException {
        while (interrupted.getCount() > 0) {
            if (played.await(50, TimeUnit.MILLISECONDS)) {
                return true;
            }
        }
        return played.getCount() == 0;
    }

    private void add(Results results, Report report) {
        synchronized (this) {
            results.summary = results.summary.plus(report);
            if (output == Output.json) {
                results.rounds.add(report);
            } else {
                out().println(TextReport.line(report));
                out().flush();
            }
        }
    }

    private synchronized void print(List<Results> all) {
        if (output == Output.json) {
            List<TargetReport> reports = all.stream()
                    .map(results -> new TargetReport(results.check.target(), results.rounds))
                    .toList();
            out().println(TargetReport.document(reports).encodePrettily());
        } else {
            all.forEach(results -> out().print(TextReport.summary(results.check.target(), results.summary)));
        }
        out().flush();
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    private ParameterException usage(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }
}
