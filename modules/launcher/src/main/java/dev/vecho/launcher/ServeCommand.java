package dev.vecho.launcher;

import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import dev.vecho.server.Configuration.Flag;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.server.OpenListener;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code vecho serve}: opens the configured listeners and echoes until it is told to stop. */
@Command(
        name = "serve",
        description = {
            "Opens the listeners that the configuration names and echoes every byte.",
            "Without a configuration: TCP on localhost, port 7007, or the one listener that --transport, --port and the like "
                    + "make. The configuration is merged from each "
                    + "file, then each store, then environment variables (VECHO__LISTENERS__TCP__PORT=7008), then system properties "
                    + "(-Dvecho.listeners.tcp.port=7008). SIGHUP reloads it, as does a change of a file, a store or a "
                    + "certificate (configScanMillis). SIGTERM and Ctrl-C let connections finish (drainMillis); one "
                    + "that comes more than a second later ends at once. --cluster adds no listener: those of "
                    + "transport eventbus are the ones that other members reach. vecho config tells what a "
                    + "configuration comes to, and opens nothing."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:it ended as it was told",
            "2:wrong usage or configuration, or an address that cannot be bound",
            Main.ITSELF_FAILED
        })
final class ServeCommand implements Callable<Integer> {

    private static final int MAX_UNTOLD = 100;

    @Spec
    private @Nullable CommandSpec spec;

    /** How long the first client may wait for it, at most, instead of for its first echo. */
    private static final Duration WARM_UP = Duration.ofMillis(300);

    /** How long one that a busy machine has held up may hold up the end of the service, at most. */
    private static final Duration WARM_UP_ENDS = Duration.ofSeconds(5);

    @Mixin
    private ListenerFlags flags = new ListenerFlags();

    @Mixin
    private ClusterFlags cluster = new ClusterFlags();

    @Override
    public Integer call() throws Exception {
        cluster.validate();
        List<Flag> given = flags.flags();
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        CountDownLatch stop = new CountDownLatch(1);
        Systemd systemd = Systemd.of(System.getenv());
        // From the start: a signal that comes before all is bound is not lost.
        AtomicReference<@Nullable EchoServerVerticle> running = new AtomicReference<>();
        Signals.handleService(stop, () -> {
            EchoServerVerticle service = running.get();
            // One that does not run yet is going to read the configuration.
            if (service != null) {
                systemd.reloading();
                service.reload().onComplete(reloaded -> systemd.ready(status(service)));
            }
        });
        FatalErrors.serveOnWithoutBuffers();
        Vertx vertx = Launch.vertx(Io.AUTO);
        Configuration configuration;
        try {
            configuration = Configuration.load(vertx, flags.files(), flags.stores(), given)
                    .await();
            boolean otherIo = Launch.wantsOtherIo(vertx, configuration);
            if (otherIo || cluster.wanted()) {
                vertx.close().await();
                vertx = Launch.vertx(otherIo ? configuration.io() : Io.AUTO, cluster, true);
            }
            EchoServerVerticle verticle = new EchoServerVerticle(configuration);
            ConnectionLog connections = new ConnectionLog();
            boolean toldFromTheFirst = connections.isWanted();
            if (toldFromTheFirst) {
                verticle.onConnections(connections);
            }
            Executor told = reloadOutput();
            verticle.onReload(result -> told.execute(() -> print(out, result)));
            String deployment;
            try {
                deployment = vertx.deployVerticle(verticle).await();
            } catch (Exception failure) {
                if (failure instanceof TransportException known && known.fault() == Fault.BIND) {
                    err.println(known.getMessage());
                    return Main.WRONG_INPUT;
                }
                throw failure;
            }
            running.set(verticle);
            if (!toldFromTheFirst) {
                connections.follow(verticle);
            }
            Future<Void> warming = WarmUp.ofService(vertx, verticle.configuration());
            awaitAtMost(WARM_UP, warming);
            verticle.listeners().forEach(listener -> print(out, listener));
            verticle.sectionNotes().forEach((key, notes) -> notes.forEach(note -> out.println(key + ": " + note)));
            if (configuration.io().equals(Io.AUTO) && Io.of(vertx).equals("nio")) {
                NativeLibraries.warnOfNio();
            }
            ResourceLimits.warn(verticle.configuration());
            systemd.watch(vertx);
            out.println("ready on " + Io.of(vertx) + ", process "
                    + ProcessHandle.current().pid());
            systemd.ready(status(verticle));
            stop.await();
            out.println("stopping");
            systemd.stopping();
            // Vert.x complains of listeners that go while it closes.
            awaitAtMost(WARM_UP_ENDS, warming);
            vertx.undeploy(deployment).await();
            verticle.listeners().forEach(listener -> printTraffic(out, listener));
            return 0;
        } finally {
            vertx.close().await();
        }
    }

    private static void awaitAtMost(Duration limit, Future<Void> future) {
        future.timeout(limit.toMillis(), TimeUnit.MILLISECONDS).otherwiseEmpty().await();
    }

    private static String status(EchoServerVerticle service) {
        int listeners = service.listeners().size();
        return listeners + (listeners == 1 ? " listener" : " listeners");
    }

    private static void print(PrintWriter out, OpenListener listener) {
        out.println("listener " + listener.name() + ": " + String.join(" ", listener.addresses()));
        listener.notes().forEach(note -> out.println("listener " + listener.name() + ": " + note));
        out.flush();
    }

    /** A thread that may wait for a reader, which nobody else then waits for; what is too much for it is not told. */
    private static Executor reloadOutput() {
        return new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_UNTOLD),
                new DefaultThreadFactory("vecho-reloads", true),
                new ThreadPoolExecutor.DiscardPolicy());
    }

    private static void print(PrintWriter out, Reload reload) {
        switch (reload.outcome()) {
            case APPLIED -> reload.changes().forEach(change -> out.println("reloaded " + change));
            case UNCHANGED -> out.println("reloaded, nothing has changed");
            case REJECTED -> out.println("not reloaded, the configuration before stays in effect");
        }
        out.flush();
    }

    private static void printTraffic(PrintWriter out, OpenListener listener) {
        Traffic traffic = listener.traffic();
        Traffic.Snapshot counts = traffic.snapshot();
        out.println("listener " + listener.name() + ": " + counts.accepted() + " connections, " + counts.refused()
                + " refused" + reasons(traffic.refusals()) + ", " + counts.failed() + " failed"
                + reasons(traffic.failures()) + ", " + counts.bytes() + " bytes" + dropped(traffic.drops()));
    }

    private static String dropped(Map<String, Long> drops) {
        long all = drops.values().stream().mapToLong(Long::longValue).sum();
        return all == 0 ? "" : ", " + all + " datagrams without an answer" + reasons(drops);
    }

    /** Such as {@code  (2 over maxConnections, 1 for lack of a file descriptor)}; empty where there are none. */
    private static String reasons(Map<String, Long> counts) {
        return counts.isEmpty()
                ? ""
                : counts.entrySet().stream()
                        .map(each -> each.getValue() + " " + each.getKey())
                        .collect(Collectors.joining(", ", " (", ")"));
    }
}
