package dev.vecho.launcher;

import dev.vecho.client.Run;
import dev.vecho.client.RunReport;
import dev.vecho.client.script.Payload;
import dev.vecho.client.script.Schedule;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.report.Format;
import dev.vecho.report.ReportWriter;
import dev.vecho.report.TextReport;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
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
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:every check passed",
            "1:a check failed",
            "2:wrong usage, script or target",
            "3:Vecho itself failed, or had too little time, files, ports or memory to judge"
        })
final class CheckCommand implements Callable<Integer> {

    private static final Source COMMAND_LINE = Source.named("command line");

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
            description =
                    "From the start of one round to that of the next, such as 500ms. Default: the script's, or 1s.")
    private @Nullable Duration interval;

    @Option(
            names = {"-d", "--duration"},
            paramLabel = "D",
            description = "Begins no round after so long, such as 1h; without -n, as many rounds as there is time for."
                    + " Default: the script's, or no limit.")
    private @Nullable Duration duration;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            description = "How many cases are played at the same time, which makes their round trips longer."
                    + " Default: the script's, or all, but at most 16.")
    private @Nullable Integer concurrency;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            description =
                    "How many connections play each case at the same time, each of them all rounds, which makes its"
                            + " round trips longer. Default: the script's, or 1.")
    private @Nullable Integer parallel;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "Gives a variable of the script a value. May be repeated.")
    private Map<String, String> variables = new LinkedHashMap<>();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the random payloads, to play a run again: the one that its report tells.")
    private @Nullable Long seed;

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            description = "Sends so many random bytes instead of the line of text; not with a script.")
    private @Nullable Long size;

    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "Sends this text, without a newline, instead of the line of text; not with a script.")
    private @Nullable String text;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "Sends the bytes of a file instead of the line of text; not with a script.")
    private @Nullable Path file;

    @Option(
            names = "--expect",
            paramLabel = "TEXT",
            description = "Expects just this text as the answer, instead of the echo; not with a script.")
    private @Nullable String expected;

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "D",
            description = "For connecting, and for each wait without a limit of its own. Default: the script's, or 5s.")
    private @Nullable Duration timeout;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json|jsonl|junit|html",
            defaultValue = "text",
            description =
                    "What standard output gets; jsonl is a line of JSON for each round, at once, junit XML for servers"
                            + " that read JUnit's, html a page with plots. Default: ${DEFAULT-VALUE}")
    private Format output = Format.TEXT;

    @Option(
            names = "--report",
            paramLabel = "[FORMAT=]FILE",
            description = "Writes a report to a file, too; the format is told by .txt, .json, .jsonl, .xml or .html, or"
                    + " named. May be repeated.")
    private List<String> reports = new ArrayList<>();

    @Option(
            names = {"-q", "--quiet"},
            description = "Text without the lines of rounds that passed.")
    private boolean quiet;

    @ArgGroup(validate = false, heading = "%nFor tls:// targets:%n")
    private TlsFlags tls = new TlsFlags();

    @Mixin
    private OptionFlags options = new OptionFlags();

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

        @Option(
                names = "--tls-engine",
                paramLabel = "ENGINE",
                description = "auto, openssl (BoringSSL) or jdk. Default: auto, what one cannot the other does.")
        private @Nullable String engine;

        JsonObject toJson() {
            JsonObject json = new JsonObject();
            put(json, "trust", trust);
            put(json, "engine", engine);
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

    @Override
    public Integer call() throws Exception {
        cluster.validate();
        CountDownLatch interrupted = new CountDownLatch(1);
        Signals.stopCommand(interrupted);
        main().output().onFailure(interrupted::countDown);
        Script script = script();
        try (ReportFiles files = new ReportFiles()) {
            for (String file : reports) {
                try {
                    files.add(file);
                } catch (IllegalArgumentException e) {
                    throw usage("--report: " + e.getMessage());
                }
            }
            RunReport report = play(script, files, interrupted);
            files.finish();
            return report.passed() ? 0 : report.unjudged() ? Main.OWN_FAILURE : Main.FAILED_CHECK;
        }
    }

    private RunReport play(Script script, ReportFiles files, CountDownLatch interrupted) throws InterruptedException {
        Vertx vertx = Launch.vertx(Io.AUTO, cluster, false);
        try {
            Future<Void> warm = WarmUp.ofCheck(vertx);
            Run run = Run.open(vertx, script).await();
            List<ReportWriter> writers = new ArrayList<>(files.writers());
            writers.add(output == Format.TEXT ? new TextReport(out(), Ansi.AUTO.enabled(), quiet) : output.to(out()));
            Console console = new Console(writers, run.cases().size(), main().verbose() ? err() : null);
            warm.await();
            RunReport report = play(run, console, interrupted);
            console.over(report);
            return report;
        } finally {
            vertx.close().await();
        }
    }

    private Script script() {
        Script script = Script.standard();
        if (scriptFile != null) {
            ofDefaultScript().findFirst().ifPresent(flag -> {
                throw usage(flag + ": is for the default script, and cannot be combined with --script");
            });
            Path directory = Objects.requireNonNull(scriptFile.toAbsolutePath().getParent());
            try {
                script = Script.parse(
                        Buffer.buffer(Files.readAllBytes(scriptFile)),
                        new Source(scriptFile.toString(), directory, false),
                        variables,
                        COMMAND_LINE);
            } catch (NoSuchFileException e) {
                throw new InvalidInputException(List.of(scriptFile + ": no such file"));
            } catch (IOException e) {
                throw new InvalidInputException(List.of(scriptFile + ": cannot be read: " + e.getMessage()));
            }
        }
        if (scriptFile == null && !variables.isEmpty()) {
            throw usage("--set is for a script, which is given with --script");
        }
        Payload payload = payload();
        if (payload != null) {
            script = script.withPayload(payload);
        }
        if (expected != null) {
            script = script.withAnswer(textOf(expected));
        }
        if (timeout != null) {
            if (timeout.toMillis() < 1) {
                throw usage("--timeout: must be 1ms or more");
            }
            script = script.withTimeout(timeout);
        }
        if (concurrency != null) {
            script = script.withConcurrency(atOnce("--concurrency", concurrency));
        }
        if (parallel != null) {
            script = script.withParallel(atOnce("--parallel", parallel), COMMAND_LINE);
        }
        if (seed != null) {
            if (seed < 0 || seed > Script.GREATEST_SEED) {
                throw usage("--seed: must be 0.." + Script.GREATEST_SEED + ", was " + seed);
            }
            script = script.withSeed(seed);
        }
        script = script.withSchedule(schedule(script.schedule()));
        if (!targets.isEmpty()) {
            script = script.withTargets(targets, COMMAND_LINE);
        }
        return script.withTls(tls.toJson(), COMMAND_LINE).withOptions(options.toJson(), OptionFlags.SOURCE);
    }

    private int atOnce(String flag, int number) {
        if (number < 1 || number > Script.MOST_AT_ONCE) {
            throw usage(flag + ": must be 1.." + Script.MOST_AT_ONCE + ", was " + number);
        }
        return number;
    }

    /** The flags that were given and say what the default script does. */
    private Stream<String> ofDefaultScript() {
        return Stream.concat(payloads(), expected == null ? Stream.of() : Stream.of("--expect"));
    }

    private Stream<String> payloads() {
        Map<String, @Nullable Object> flags = new LinkedHashMap<>();
        flags.put("--size", size);
        flags.put("--text", text);
        flags.put("--file", file);
        return flags.entrySet().stream().filter(each -> each.getValue() != null).map(Map.Entry::getKey);
    }

    /** What is sent instead of the line of text; null where no flag says so. */
    private @Nullable Payload payload() {
        List<String> given = payloads().toList();
        if (given.size() > 1) {
            throw usage(given.get(0) + ": says what is sent, and cannot be combined with " + given.get(1));
        }
        if (text != null) {
            return textOf(text);
        }
        if (file != null) {
            try {
                return Payload.file(file);
            } catch (IOException e) {
                throw usage("--file: " + e.getMessage());
            }
        }
        if (size != null && size < 0) {
            throw usage("--size: must be 0 or more, was " + size);
        }
        return size == null ? null : Payload.random(size);
    }

    private static Payload textOf(String text) {
        return Payload.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The script's, but for what the flags say. */
    private Schedule schedule(Schedule script) {
        if (count != null && count < 0) {
            throw usage("--count: must be 0 or more, was " + count);
        }
        long repeat = duration == null ? script.repeat() : 0;
        return new Schedule(
                count == null ? repeat : count,
                Objects.requireNonNullElse(interval, script.interval()),
                Objects.requireNonNullElse(duration, script.duration()));
    }

    /** Plays the run, until its end or until the user wants to end it. */
    private static RunReport play(Run run, Console console, CountDownLatch interrupted) throws InterruptedException {
        Future<RunReport> playing = run.play(console);
        CountDownLatch played = new CountDownLatch(1);
        playing.onComplete(done -> played.countDown());
        while (interrupted.getCount() > 0) {
            if (played.await(50, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        run.cancel().await();
        played.await();
        if (playing.failed()) {
            throw playing.cause() instanceof InvalidInputException invalid
                    ? invalid
                    : new IllegalStateException("a check could not be played", playing.cause());
        }
        return playing.result();
    }

    private Main main() {
        return (Main) Objects.requireNonNull(spec).root().userObject();
    }

    private PrintWriter err() {
        return Objects.requireNonNull(spec).commandLine().getErr();
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    private ParameterException usage(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }
}
