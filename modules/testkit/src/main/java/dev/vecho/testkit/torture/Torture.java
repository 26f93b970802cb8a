package dev.vecho.testkit.torture;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.torture.Service.Ending;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One run: starts the service, plays, and looks at what is left. What it finds names the play; with the run's seed and the
 * play's number ({@code -Dvecho.torture.play}) that client does the same again.
 */
public final class Torture {

    private static final int HEAP_MIB = 256;
    private static final int PATIENCE_SECONDS = 600;

    private final Settings settings;
    private final PrintStream out;
    private final Findings findings;
    private final Ledger ledger = new Ledger();

    private Torture(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
        this.findings = new Findings(out);
    }

    /** Runs it with the system's properties; exit code 1 where it has found something. */
    public static void main(String[] args) throws Exception {
        boolean found = !run(Settings.read(System.getProperties()), System.out).isEmpty();
        System.exit(found ? 1 : 0);
    }

    /**
     * Runs it.
     *
     * @param out told of what is going on
     * @return what was found; nothing, if all is well
     */
    public static List<String> run(Settings settings, PrintStream out) throws Exception {
        return settings.link() == null || Boolean.getBoolean(Namespace.INSIDE)
                ? new Torture(settings, out).run()
                : Namespace.run(out);
    }

    private List<String> run() throws Exception {
        long began = System.nanoTime();
        out.println(
                "torture: seed " + settings.seed() + ", io " + settings.io() + "; to repeat it: " + settings.repeat());
        Path directory = Files.createTempDirectory("vecho-torture");
        ExecutorService executor = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "torture");
            thread.setDaemon(true);
            return thread;
        });
        Vertx vertx = Vertx.vertx();
        try {
            run(directory, executor, vertx);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            executor.shutdownNow();
            if (findings.count() == 0) {
                delete(directory);
            } else {
                out.println("what is left of it: " + directory);
            }
            out.println("in all " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began) + " s");
        }
        return findings.all();
    }

    private void run(Path directory, ExecutorService executor, Vertx vertx) throws Exception {
        Certificates certificates = new Certificates(directory);
        Issued issued = certificates.localhost();
        AutoCloseable link =
                settings.link() == null ? () -> {} : LossyLink.open(settings.link(), settings.seed(), directory);
        try (link;
                Service service = service(directory, issued)) {
            Dial dial = new Dial(
                    service,
                    settings.link() == null ? "127.0.0.1" : LossyLink.DIAL,
                    SocketClient.trusting(certificates.trustManager()));
            Play.Stage stage = new Play.Stage(settings, service, ledger, executor, vertx, dial);
            if (settings.connections().isEmpty()) {
                play(stage, directory);
            } else {
                new Counting(stage, directory, findings, out).run();
            }
            end(service);
        }
    }

    private Service service(Path directory, Issued issued) throws Exception {
        String host = settings.link() == null ? "127.0.0.1" : LossyLink.SERVER;
        Path configuration = Files.writeString(
                directory.resolve("vecho.json"),
                Listeners.configuration(settings.io(), host, issued).encodePrettily());
        List<String> options = new ArrayList<>(List.of(
                "-XX:NativeMemoryTracking=summary",
                "-Xmx" + HEAP_MIB + "m",
                "-XX:MaxDirectMemorySize=" + HEAP_MIB + "m"));
        if (settings.leaks()) {
            options.add("-Dio.netty.leakDetection.level=paranoid");
        }
        return new Service(settings, directory, configuration, options);
    }

    private void play(Play.Stage stage, Path directory) throws Exception {
        Service service = stage.service();
        if (!Programs.missing().isEmpty()) {
            out.println("not installed, and left out: " + Programs.missing());
            findings.addUnless(
                    !Boolean.parseBoolean(System.getenv("VECHO_REQUIRE_ALL")), "not installed: " + Programs.missing());
        }
        Workers workers = new Workers(stage, Behaviours.all(settings), directory, findings);
        // What a service opens once, it has opened after each of its listeners was used.
        workers.once();
        Usage before = service.usage();
        long began = System.nanoTime();
        try (Busy busy = new Busy(settings.busy());
                AutoCloseable faults = settings.faults().isEmpty()
                        ? busy
                        : FaultInjection.attach(service.pid(), settings.faults(), directory)) {
            workers.run();
            out.println("busy beside it: " + settings.busy() + ", faults: "
                    + (faults == busy ? "none" : settings.faults()));
        }
        long took = System.nanoTime() - began;
        if (findings.count() == 0) {
            // Whatever it went through, it serves as on the first day.
            workers.once();
        }
        Usage after = Accounts.checkUsage(service, before, directory, findings);
        out.println("plays: " + workers.played() + ", broken by the service: " + workers.broken() + ", bytes verified: "
                + ledger.verified() + ", in " + TimeUnit.NANOSECONDS.toSeconds(took)
                + " s; the longest wait for a byte: "
                + TimeUnit.NANOSECONDS.toMillis(service.longestWait().get()) + " ms; the longest play: "
                + workers.longest());
        out.println("before: " + before);
        out.println("after:  " + after);
    }

    private void end(Service service) throws Exception {
        findings.addUnless(service.isAlive(), "the service has ended");
        Ending ending = service.terminate();
        Accounts.checkEnding(ending, ledger, settings.lenient(), findings);
        out.println("the service ended with " + ending.exitCode() + " after "
                + ending.took().toMillis() + " ms; it counts " + ending.closings());
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
