package dev.vecho.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the contracts share: a listener of the transport on each event loop of a Vert.x instance, and ways to wait. */
public abstract class ListenerContract {

    /** How long to wait for what must happen, however slow the machine. */
    protected static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int EVENT_LOOPS = 2;

    private final String io;
    private Vertx vertx;
    private Traffic traffic = new Traffic();
    private List<Part> parts = List.of();
    private ExecutorService threads;
    private @Nullable ServerTransport open;

    /** What buffers held before the test: one that was lost in an earlier test fails that one only. */
    private long heldBefore;

    /** One event loop's share of the listener. */
    private record Part(Context loop, Listener listener) {

        /** As the service does it: on the event loop. */
        Future<Void> drain(Duration grace) {
            Promise<Void> drained = Promise.promise();
            loop.runOnContext(now -> listener.drain(grace).onComplete(drained));
            return drained.future();
        }
    }

    /** Made for each test. */
    @SuppressWarnings("NullAway.Init") // setUp sets the rest.
    protected ListenerContract(String io) {
        this.io = io;
    }

    /** What is tested. */
    protected abstract Transport transport();

    /** The options of a listener on any free port of loopback. */
    protected abstract JsonObject options();

    /** A Vert.x instance on the io of this test. */
    protected final Vertx vertx() {
        return vertx;
    }

    /** Whether the io of this test is what a service has that names none. */
    protected final boolean onUsualIo() {
        return io.equals(usualIo());
    }

    /** Whether the io of this test is Netty's own, and not Java's. */
    protected final boolean onNativeIo() {
        return !io.equals("nio");
    }

    /** What a service has that names no io. */
    protected static String usualIo() {
        List<String> ios = Io.available();
        return ios.contains("epoll") ? "epoll" : ios.get(ios.size() - 1);
    }

    @BeforeEach
    void setUp() {
        heldBefore = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
        vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS))
                .withTransport(Io.transport(io))
                .build();
        threads = Executors.newCachedThreadPool();
    }

    @AfterEach
    void tearDown() throws Exception {
        threads.shutdownNow();
        await(vertx.close());
        assertThat(heldBytes()).as("bytes of buffers that nobody released").isZero();
    }

    /** What the buffers of this test hold now, in bytes. */
    protected final long heldBytes() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - heldBefore;
    }

    /** Opens a listener with the transport's options and returns its address. */
    protected final String listen() throws Exception {
        return listen(options());
    }

    /** Opens a listener, on each event loop as the service does, and returns its address. */
    protected final String listen(JsonObject options) throws Exception {
        ServerTransport server = read(options);
        open = server;
        traffic = new Traffic();
        List<Future<Part>> opening = new ArrayList<>();
        for (int i = 0; i < EVENT_LOOPS; i++) {
            Promise<Part> promise = Promise.promise();
            vertx.runOnContext(start -> {
                Context loop = vertx.getOrCreateContext();
                server.listen(traffic.share(VertxInternals.eventLoop(loop)))
                        .map(listener -> new Part(loop, listener))
                        .onComplete(promise);
            });
            opening.add(promise.future());
        }
        await(Future.all(opening));
        parts = opening.stream().map(Future::result).toList();
        List<String> addresses = parts.get(0).listener().addresses();
        assertThat(parts.get(1).listener().addresses()).isEqualTo(addresses);
        return addresses.get(0);
    }

    private ServerTransport read(JsonObject options) {
        Problems problems = new Problems();
        ServerTransport server = transport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        return server;
    }

    /** Gives the listener that was opened last other options, as a reload does. */
    protected final void change(JsonObject options) throws Exception {
        ServerTransport next = read(options);
        ServerTransport now = Objects.requireNonNull(open, "listen first");
        assertThat(now.canAdopt(next)).isTrue();
        await(now.adopt(next));
    }

    /** The counters of the listener. */
    protected final Traffic traffic() {
        return traffic;
    }

    /** Drains the listener on each event loop and tells the counters of that moment. */
    protected final Future<Traffic.Snapshot> drain(Duration grace) {
        return Future.all(parts.stream().map(part -> part.drain(grace)).toList())
                .map(drained -> traffic.snapshot());
    }

    protected final <T> Future<T> inBackground(Callable<T> task) {
        Promise<T> promise = Promise.promise();
        threads.execute(() -> {
            try {
                promise.complete(task.call());
            } catch (Throwable e) {
                promise.fail(e);
            }
        });
        return promise.future();
    }

    protected static <T> T await(Future<T> future) throws Exception {
        return await(future, PATIENCE);
    }

    static <T> T await(Future<T> future, Duration patience) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Waits until a condition holds; fails after a minute. */
    protected static void eventually(String what, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Pseudo-random bytes, the same for the same seed. */
    protected static byte[] bytes(int count, long seed) {
        byte[] bytes = new byte[count];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
