package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Ports;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks on a schedule, against real sockets. */
@Timeout(180)
class MonitorTest {

    private Vertx vertx;
    private Context context;
    private Monitor monitor;
    private Queue<NetSocket> taken;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        context = vertx.getOrCreateContext();
        taken = new ConcurrentLinkedQueue<>();
        monitor = on(
                () -> new Monitor(vertx, new Turns(64), Bounds.ofThisProcess(), Clock.systemUTC(), System::nanoTime));
    }

    @AfterEach
    void stop() {
        on(() -> monitor.close()).await();
        vertx.close().await();
    }

    private <T> T on(java.util.function.Supplier<T> task) {
        return Future.<T>future(promise -> context.runOnContext(now -> {
                    try {
                        promise.complete(task.get());
                    } catch (RuntimeException | Error e) {
                        promise.fail(e);
                    }
                }))
                .await();
    }

    private static void until(BooleanSupplier done) {
        for (long end = System.nanoTime() + Duration.ofSeconds(40).toNanos(); !done.getAsBoolean(); ) {
            assertThat(System.nanoTime()).as("time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private void play(JsonObject checks) {
        List<CheckDefinition> definitions = read(checks);
        on(() -> {
            monitor.play(definitions);
            return true;
        });
    }

    private List<CheckDefinition> read(JsonObject checks) {
        Problems problems = new Problems();
        Options options = Options.of(checks, Source.named("test"), problems);
        List<CheckDefinition> definitions = checks.fieldNames().stream()
                .sorted()
                .map(name -> CheckDefinition.read(vertx, options, name))
                .toList();
        problems.throwIfAny();
        return definitions;
    }

    private static JsonObject check(String target) {
        return new JsonObject().put("targets", target).put("everyMillis", 100);
    }

    private NetServer echo(int port) {
        return vertx.createNetServer()
                .connectHandler(socket -> {
                    socket.handler(socket::write);
                    socket.endHandler(end -> socket.end());
                })
                .listen(port, "127.0.0.1")
                .await();
    }

    private NetServer silent() {
        return vertx.createNetServer()
                .connectHandler(taken::add)
                .listen(0, "127.0.0.1")
                .await();
    }

    private static String target(NetServer server) {
        return "tcp://127.0.0.1:" + server.actualPort();
    }

    private MonitoredCheck named(String name) {
        return monitor.check(name).orElseThrow();
    }

    private String word(String name) {
        return Objects.requireNonNull(named(name).diagnosis()).word().toString();
    }

    private long rounds(String name) {
        return named(name).cases().stream()
                .mapToLong(each -> each.counts().rounds())
                .sum();
    }

    @Test
    void tellsWhatBreaksAndWhenItHeals() throws IOException {
        int port = Ports.free();
        NetServer server = echo(port);
        Queue<StateChange> heard = new ConcurrentLinkedQueue<>();
        monitor.listen(new MonitorListener() {
            @Override
            public void changed(MonitoredCheck check, StateChange change) {
                heard.add(change);
            }
        });
        Queue<JsonObject> published = new ConcurrentLinkedQueue<>();
        vertx.eventBus().<JsonObject>consumer(Monitor.CHANGES, message -> published.add(message.body()));
        play(new JsonObject().put("a", check(target(server)).put("labels", new JsonObject().put("team", "net"))));
        until(() -> rounds("a") >= 3);
        assertThat(named("a").state()).isEqualTo(State.OK);
        assertThat(named("a").toDetailedJson().getJsonArray("failures")).isEmpty();

        server.close().await();
        // The round that was being played may have been told of the end in another way.
        until(() -> named("a").failures().stream()
                .anyMatch(each -> "refused"
                        .equals(String.valueOf(
                                Objects.requireNonNull(each.round().diagnosis()).word()))));
        assertThat(named("a").state()).isEqualTo(State.FAILING);
        assertThat(word("a")).isEqualTo("refused");
        JsonObject broken = named("a").toDetailedJson();
        assertThat(broken.getJsonArray("failures").getJsonObject(0).getJsonObject("diagnosis"))
                .isNotNull();
        assertThat(Instant.parse(broken.getString("since"))).isBeforeOrEqualTo(Instant.now());

        echo(port);
        until(() -> named("a").state() == State.OK);
        assertThat(named("a").changes().stream()
                        .filter(change -> change.caseName() == null)
                        .map(StateChange::to))
                .containsExactly(State.OK, State.FAILING, State.OK);
        until(() -> published.size() == 3);
        assertThat(heard).containsExactlyElementsOf(named("a").changes());
        assertThat(published).extracting(each -> each.getString("to")).containsExactly("ok", "failing", "ok");
        assertThat(published.element().getJsonObject("labels").getString("team"))
                .isEqualTo("net");
        JsonObject history = named("a").cases().get(0).history(Resolution.MINUTES, Instant.now());
        assertThat(history.getJsonArray("word").contains("refused")).isTrue();
        assertThat(history.getJsonArray("p50").getDouble(0)).isPositive();
    }

    @Test
    void aSlowTargetDelaysNoOtherAndMissesItsOwnRounds() {
        JsonObject slow = check(target(silent())).put("script", new JsonObject().put("timeoutMillis", 1_000));
        play(new JsonObject().put("slow", slow).put("quick", check(target(echo(0)))));
        until(() -> !named("slow").failures().isEmpty());
        assertThat(word("slow")).isEqualTo("silent");
        assertThat(named("slow").cases().get(0).counts().missed()).isGreaterThanOrEqualTo(5);
        // Had it waited for the other, it would have had one.
        assertThat(rounds("quick")).isGreaterThanOrEqualTo(3);
        assertThat(named("quick").state()).isEqualTo(State.OK);
    }

    /** Rounds in which the event loop itself stood still say nothing of a target that misses its budget. */
    @Test
    void countsRoundsThatItCannotJudgeAsMissed() {
        on(() -> monitor.close()).await();
        vertx.close().await();
        vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        context = vertx.getOrCreateContext();
        monitor = on(() -> new Monitor(vertx));
        NetServer blocking = vertx.createNetServer()
                .connectHandler(socket -> {
                    socket.handler(bytes -> {
                        LockSupport.parkNanos(Duration.ofMillis(60).toNanos());
                        socket.write(bytes);
                    });
                    socket.endHandler(end -> socket.end());
                })
                .listen(0, "127.0.0.1")
                .await();
        JsonObject budget = new JsonObject().put("budget", new JsonObject().put("p50Millis", 0));
        play(new JsonObject().put("a", check(target(blocking)).put("script", budget)));
        until(() -> named("a").cases().size() == 1
                && named("a").cases().get(0).counts().unjudged() >= 3);
        Counts counts = named("a").cases().get(0).counts();
        assertThat(counts.missed()).isGreaterThanOrEqualTo(counts.unjudged());
        assertThat(named("a").state()).isEqualTo(State.UNKNOWN);
        assertThat(named("a").failures()).isEmpty();
        assertThat(named("a").changes()).isEmpty();
    }

    /** Where more are due than may be played, those that wait get their turn. */
    @Test
    void boundsHowManyArePlayedAtATime() {
        on(() -> monitor.close()).await();
        monitor =
                on(() -> new Monitor(vertx, new Turns(2), Bounds.ofThisProcess(), Clock.systemUTC(), System::nanoTime));
        AtomicInteger open = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        NetServer silent = vertx.createNetServer()
                .connectHandler(socket -> {
                    most.accumulateAndGet(open.incrementAndGet(), Math::max);
                    socket.closeHandler(closed -> open.decrementAndGet());
                })
                .listen(0, "127.0.0.1")
                .await();
        JsonObject checks = new JsonObject();
        for (int i = 0; i < 4; i++) {
            checks.put("c" + i, check(target(silent)).put("script", new JsonObject().put("timeoutMillis", 400)));
        }
        play(checks);
        until(() -> monitor.checks().stream().noneMatch(each -> each.failures().isEmpty()));
        assertThat(most.get())
                .isPositive()
                .as("two rounds, and those whose end the server has not seen yet")
                .isLessThanOrEqualTo(4);
    }

    @Test
    void aReloadKeepsWhatHasNotChanged() {
        NetServer server = echo(0);
        JsonObject kept = check(target(server));
        play(new JsonObject()
                .put("kept", kept)
                .put("changed", check(target(server)))
                .put("gone", kept.copy()));
        until(() -> rounds("kept") >= 2 && rounds("changed") >= 2);
        MonitoredCheck before = named("kept");
        MonitoredCheck old = named("changed");
        play(new JsonObject()
                .put("kept", kept.copy())
                .put("changed", check(target(server)).put("everyMillis", 200))
                .put("new", kept.copy()));
        assertThat(monitor.checks()).extracting(MonitoredCheck::name).containsExactly("changed", "kept", "new");
        assertThat(named("kept")).isSameAs(before);
        assertThat(named("changed")).isNotSameAs(old);
        long rounds = rounds("kept");
        until(() -> rounds("kept") > rounds && rounds("changed") > 0 && rounds("new") > 0);
    }

    @Test
    void playsEachCaseOfAMatrixAndFailsWhereOneDoes() throws IOException {
        NetServer good = echo(0);
        String closed = "tcp://127.0.0.1:" + Ports.free();
        play(new JsonObject()
                .put(
                        "m",
                        new JsonObject()
                                .put("everyMillis", 100)
                                .put(
                                        "targets",
                                        new JsonArray().add(target(good)).add(closed))
                                .put(
                                        "script",
                                        new JsonObject()
                                                .put(
                                                        "matrix",
                                                        new JsonObject()
                                                                .put(
                                                                        "sizes",
                                                                        new JsonArray()
                                                                                .add(10)
                                                                                .add(99)))))
                .put(
                        "budget",
                        check(target(good))
                                .put("script", new JsonObject().put("budget", new JsonObject().put("maxMillis", 0))))
                .put("expected", check(closed).put("script", new JsonObject().put("expectFailure", "refused"))));
        until(() -> named("m").cases().size() == 4
                && named("m").cases().stream().allMatch(each -> each.state() != State.UNKNOWN));
        assertThat(named("m").cases())
                .extracting(MonitoredCase::state)
                .containsExactly(State.OK, State.OK, State.FAILING, State.FAILING);
        assertThat(named("m").state()).isEqualTo(State.FAILING);
        until(() -> rounds("budget") > 0 && rounds("expected") > 0);
        assertThat(word("budget")).isEqualTo("budget");
        assertThat(named("expected").state()).isEqualTo(State.OK);
    }

    /** A file that was there when the configuration was read may be gone when the check is opened. */
    @Test
    void tellsOfACheckThatCannotBePlayed(@TempDir Path directory) throws IOException {
        Path trust = new Certificates(directory).authority();
        Queue<StateChange> heard = new ConcurrentLinkedQueue<>();
        monitor.listen(new MonitorListener() {
            @Override
            public void changed(MonitoredCheck check, StateChange change) {
                heard.add(change);
            }
        });
        JsonObject script = new JsonObject().put("tls", new JsonObject().put("trust", trust.toString()));
        List<CheckDefinition> read =
                read(new JsonObject().put("a", check("tls://127.0.0.1:9").put("script", script)));
        Files.delete(trust);
        on(() -> {
            monitor.play(read);
            return true;
        });
        until(() -> !heard.isEmpty());
        assertThat(heard).containsExactlyElementsOf(named("a").changes());
        assertThat(heard.element().to()).isEqualTo(State.FAILING);
        assertThat(Objects.requireNonNull(heard.element().diagnosis()).sentence())
                .startsWith("cannot be played: ");
    }

    /** Nothing goes on after it was stopped, though a round was being played. */
    @Test
    void stopsInTheMiddleOfARound() {
        play(new JsonObject().put("a", check(target(silent()))));
        until(() -> !taken.isEmpty());
        on(() -> monitor.close()).await();
        assertThat(monitor.checks()).isEmpty();
        taken.clear();
        play(new JsonObject());
        assertThat(monitor.checks()).isEmpty();
        assertThat(taken).isEmpty();
    }

    @Test
    void spreadsTheFirstRounds() {
        long interval = 10_000;
        int[] tenths = new int[10];
        IntStream.range(0, 1000).forEach(i -> tenths[(int) (Monitor.offset("check-" + i, interval) / 1000)]++);
        assertThat(IntStream.of(tenths)).allSatisfy(count -> assertThat(count).isBetween(60, 140));
        assertThat(Monitor.offset("a", interval)).isEqualTo(Monitor.offset("a", interval));
    }
}
