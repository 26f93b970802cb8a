package dev.vecho.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Io;
import dev.vecho.core.Listener;
import dev.vecho.core.Options;
import dev.vecho.core.Problems;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Source;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a listener for streams of bytes promises, whatever the transport: every accepted byte comes back, in order,
 * through half-closed connections too, in bounded memory. A transport's test extends it, once for each {@link Io}.
 */
public abstract class StreamContract {

    private static final int MIB = 1 << 20;
    private static final int EVENT_LOOPS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String io;
    private Vertx vertx;
    private Traffic traffic = new Traffic();
    private List<Listener> listeners = List.of();
    private ExecutorService threads;

    /** Made for each test. */
    @SuppressWarnings("NullAway.Init") // setUp sets the rest.
    protected StreamContract(String io) {
        this.io = io;
    }

    /** What is tested. */
    protected abstract Transport transport();

    /** The options of a listener on any free port of loopback. */
    protected abstract JsonObject options();

    /**
     * Opens a connection with a client that is not ours.
     *
     * @param address as the listener tells it
     * @param receiveBuffer the client's, in bytes; 0 for the system's default
     */
    protected abstract EchoClient connect(String address, int receiveBuffer) throws IOException;

    /** How many connections to open one after the other; fewer where opening one is slow. */
    protected int shortConnections() {
        return 10_000;
    }

    @BeforeEach
    void setUp() {
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
        assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory())
                .as("bytes of buffers that nobody released")
                .isZero();
    }

    @Test
    void endsAnEmptyConnection() throws Exception {
        try (EchoClient client = connect(listen(), 0)) {
            client.closeOutput();
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
    }

    @Test
    void echoesOneByteAtATime() throws Exception {
        try (EchoClient client = connect(listen(), 0)) {
            for (int value = 0; value < 256; value++) {
                client.out().write(value);
                assertThat(client.in().read()).isEqualTo(value);
            }
        }
    }

    @Test
    void echoesThousandsOfSmallWrites() throws Exception {
        byte[] sent = bytes(5_000 * 7, 3);
        try (EchoClient client = connect(listen(), 0)) {
            Future<byte[]> received = inBackground(() -> client.in().readNBytes(sent.length));
            for (int at = 0; at < sent.length; at += 7) {
                client.out().write(sent, at, 7);
            }
            assertThat(await(received)).isEqualTo(sent);
        }
    }

    @Test
    void echoes64MiBWhileTheyAreSent() throws Exception {
        echoesAfterHalfClose(64 * MIB, 0, false);
    }

    @ParameterizedTest(name = "{0} bytes")
    @ValueSource(ints = {1, 1000, 65_536, 65_537, 300_000, 2_400_000, 2_600_000, 5_000_001, 7_000_000})
    void echoesEverythingAfterHalfCloseToALateReader(int size) throws Exception {
        echoesAfterHalfClose(size, 0, true);
    }

    @ParameterizedTest(name = "receive buffer of {0} bytes")
    @ValueSource(ints = {2048, 4096, 16_384, 262_144})
    void echoesEverythingAfterHalfCloseToALateReaderWithASmallBuffer(int receiveBuffer) throws Exception {
        echoesAfterHalfClose(2_600_000, receiveBuffer, true);
    }

    @Test
    void echoes64MiBAfterHalfCloseToALateReader() throws Exception {
        echoesAfterHalfClose(64 * MIB, 0, true);
    }

    /** Sends everything and closes the output; a late reader starts only when the sender is stuck or done. */
    private void echoesAfterHalfClose(int size, int receiveBuffer, boolean late) throws Exception {
        byte[] sent = bytes(size, size);
        try (EchoClient client = connect(listen(), receiveBuffer)) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(sent);
                client.closeOutput();
                return null;
            });
            if (late) {
                settle(() -> sending.isComplete() && traffic.snapshot().bytes() == size);
            }
            assertSame(sent, client.in());
            await(sending);
        }
        eventually(
                "the connection is counted as ended", () -> traffic.snapshot().active() == 0);
        assertThat(traffic.snapshot().failed()).as("failed connections").isZero();
        assertThat(traffic.snapshot().bytes()).isEqualTo(size);
    }

    @Test
    void losesNoByteOfManyShortConnections() throws Exception {
        String address = listen();
        int clients = 8;
        List<Future<Void>> running = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            Random random = new Random(i);
            running.add(inBackground(() -> {
                for (int round = 0; round < shortConnections() / clients; round++) {
                    byte[] sent = new byte[random.nextInt(20_000)];
                    random.nextBytes(sent);
                    try (EchoClient client = connect(address, 0)) {
                        client.out().write(sent);
                        client.closeOutput();
                        assertSame(sent, client.in());
                    }
                }
                return null;
            }));
        }
        for (Future<Void> client : running) {
            await(client, Duration.ofMinutes(5));
        }
        eventually("all are counted as ended", () -> traffic.snapshot().active() == 0);
        assertThat(traffic.snapshot().failed()).as("failed connections").isZero();
    }

    @Test
    void servesOthersWhenOneIsReset() throws Exception {
        String address = listen();
        try (EchoClient other = connect(address, 0)) {
            for (int round = 0; round < 20; round++) {
                EchoClient broken = connect(address, 0);
                Future<Void> sending = inBackground(() -> {
                    broken.out().write(bytes(8 * MIB, 5));
                    return null;
                });
                if (round % 2 == 0) {
                    broken.in().readNBytes(100_000);
                }
                broken.reset();
                eventually("the sender noticed", sending::isComplete);
                other.out().write(round);
                assertThat(other.in().read()).isEqualTo(round);
            }
        }
        eventually("all are counted as ended", () -> traffic.snapshot().active() == 0);
        assertThat(traffic.snapshot().failed()).as("failed connections").isPositive();
    }

    @ParameterizedTest(name = "closes its output: {0}")
    @ValueSource(booleans = {false, true})
    void boundsTheMemoryThatPeersCostWhoOnlySend(boolean halfClose) throws Exception {
        int peers = 20;
        int writeQueueBytes = 64 * 1024;
        String address = listen();
        List<EchoClient> clients = new ArrayList<>();
        List<Future<Void>> sending = new ArrayList<>();
        try {
            for (int i = 0; i < peers; i++) {
                EchoClient client = connect(address, 4096);
                clients.add(client);
                sending.add(inBackground(() -> {
                    // More than the buffers of both systems hold makes the writer wait; a little less lets the end of
                    // its output arrive while the listener holds back.
                    for (int block = 0; block < (halfClose ? 52 : 1000); block++) {
                        client.out().write(bytes(65_536, block));
                    }
                    if (halfClose) {
                        client.closeOutput();
                    }
                    return null;
                }));
            }
            settle(() -> false);
            // For each: the queue, what a read may add to it, and what TLS holds while it works on a record.
            long bound = peers * (writeQueueBytes + 7 * 65_536L);
            assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory())
                    .as("bytes held for %d peers that do not read", peers)
                    .isLessThanOrEqualTo(bound);
            try (EchoClient other = connect(address, 0)) {
                other.out().write(7);
                assertThat(other.in().read()).isEqualTo(7);
            }
        } finally {
            for (EchoClient client : clients) {
                client.reset();
            }
        }
        for (Future<Void> sender : sending) {
            eventually("the sender noticed", sender::isComplete);
        }
    }

    @Test
    void serves2000ConnectionsAtOnce() throws Exception {
        String address = listen();
        List<EchoClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 2000; i++) {
                clients.add(connect(address, 0));
            }
            for (int i = 0; i < clients.size(); i++) {
                clients.get(i).out().write(bytes(1000, i));
            }
            for (int i = 0; i < clients.size(); i++) {
                assertThat(clients.get(i).in().readNBytes(1000)).isEqualTo(bytes(1000, i));
            }
            assertThat(traffic.snapshot().active()).isEqualTo(2000);
        } finally {
            for (EchoClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void closesOneMoreThanMaxConnectionsAtOnce() throws Exception {
        String address = listen(options().put("maxConnections", 2));
        try (EchoClient first = connect(address, 0);
                EchoClient second = connect(address, 0)) {
            first.out().write(1);
            second.out().write(2);
            assertThat(first.in().read()).isEqualTo(1);
            assertThat(second.in().read()).isEqualTo(2);
            assertThat(isClosedAtOnce(address)).isTrue();
            assertThat(traffic.snapshot().refused()).isEqualTo(1);
            first.out().write(3);
            assertThat(first.in().read()).isEqualTo(3);
        }
        eventually("there is room again", () -> traffic.snapshot().active() == 0);
        try (EchoClient third = connect(address, 0)) {
            third.out().write(4);
            assertThat(third.in().read()).isEqualTo(4);
        }
    }

    private boolean isClosedAtOnce(String address) {
        try (EchoClient extra = connect(address, 0)) {
            return extra.in().read() == -1;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void closesAnIdleConnection() throws Exception {
        String address = listen(options().put("idleTimeoutMillis", 300));
        try (EchoClient client = connect(address, 0)) {
            client.out().write(1);
            assertThat(client.in().read()).isEqualTo(1);
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
    }

    @Test
    void resetsAnIdleConnectionThatHasNotReadEverything() throws Exception {
        String address = listen(options().put("idleTimeoutMillis", 300));
        byte[] sent = bytes(64 * MIB, 1);
        try (EchoClient client = connect(address, 4096)) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(sent);
                return null;
            });
            eventually("the sender was stopped", sending::isComplete);
            eventually("the connection is over", () -> traffic.snapshot().active() == 0);
            assertThat(traffic.snapshot().failed()).isEqualTo(1);
            // The system tells of a reset once, to who writes or to who reads.
            assertThat(sending.failed() || !endsCleanly(client.in()))
                    .as("the peer learns of the loss")
                    .isTrue();
        }
    }

    private static boolean endsCleanly(InputStream in) {
        try {
            byte[] block = new byte[65_536];
            int count = 0;
            while (count >= 0) {
                count = in.read(block);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void letsConnectionsFinishWhenItDrains() throws Exception {
        String address = listen();
        byte[] sent = bytes(3 * MIB, 9);
        try (EchoClient client = connect(address, 0)) {
            client.out().write(1);
            assertThat(client.in().read()).isEqualTo(1);
            Future<Void> drained = drain(Duration.ofSeconds(60));
            eventually("new connections are refused", () -> isRefused(address));
            Future<Void> sending = inBackground(() -> {
                client.out().write(sent);
                client.closeOutput();
                return null;
            });
            assertSame(sent, client.in());
            await(sending);
            await(drained);
        }
        assertThat(traffic.snapshot().failed()).isZero();
    }

    @Test
    void closesWhatIsLeftAfterTheGracePeriod() throws Exception {
        try (EchoClient client = connect(listen(), 0)) {
            client.out().write(1);
            assertThat(client.in().read()).isEqualTo(1);
            await(drain(Duration.ofMillis(200)));
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
    }

    @Test
    void cutsOffAPeerThatDoesNotReadAfterTheGracePeriod() throws Exception {
        String address = listen();
        byte[] sent = bytes(64 * MIB, 1);
        try (EchoClient client = connect(address, 4096)) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(sent);
                return null;
            });
            settle(sending::isComplete);
            await(drain(Duration.ofMillis(200)));
            eventually("the sender noticed", sending::isComplete);
            eventually("the end is counted", () -> traffic.snapshot().active() == 0);
            assertThat(traffic.snapshot().failed()).isEqualTo(1);
        }
    }

    private boolean isRefused(String address) {
        try (EchoClient late = connect(address, 0)) {
            return late.in().read() == -1;
        } catch (SocketException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Opens a listener with the transport's options and returns its address. */
    protected final String listen() throws Exception {
        return listen(options());
    }

    /** Opens a listener, on each event loop as the service does, and returns its address. */
    protected final String listen(JsonObject options) throws Exception {
        Problems problems = new Problems();
        ServerTransport server = transport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        traffic = new Traffic();
        List<Future<Listener>> opening = new ArrayList<>();
        for (int i = 0; i < EVENT_LOOPS; i++) {
            Promise<Listener> promise = Promise.promise();
            vertx.runOnContext(start -> server.listen(traffic).onComplete(promise));
            opening.add(promise.future());
        }
        await(Future.all(opening));
        listeners = opening.stream().map(Future::result).toList();
        assertThat(listeners.get(1).addresses()).isEqualTo(listeners.get(0).addresses());
        return listeners.get(0).addresses().get(0);
    }

    /** The counters of the listener. */
    protected final Traffic traffic() {
        return traffic;
    }

    private Future<Void> drain(Duration grace) {
        return Future.all(listeners.stream()
                        .map(listener -> listener.drain(grace))
                        .toList())
                .mapEmpty();
    }

    private <T> Future<T> inBackground(Callable<T> task) {
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

    private static <T> T await(Future<T> future, Duration patience) throws Exception {
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

    /** Waits until a condition holds, or the listener has received nothing for 300 ms: then everybody is stuck. */
    private void settle(BooleanSupplier condition) throws Exception {
        long bytes = -1;
        int quiet = 0;
        while (!condition.getAsBoolean() && quiet < 6) {
            long now = traffic.snapshot().bytes();
            quiet = now == bytes ? quiet + 1 : 0;
            bytes = now;
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Pseudo-random bytes, the same for the same seed. */
    protected static byte[] bytes(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Reads to the end and compares on the way. */
    private static void assertSame(byte[] expected, InputStream in) throws IOException {
        byte[] block = new byte[65_536];
        int at = 0;
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            assertThat(at + count).as("bytes that came back").isLessThanOrEqualTo(expected.length);
            int differs = Arrays.mismatch(expected, at, at + count, block, 0, count);
            assertThat(differs).as("first difference after offset %d", at).isEqualTo(-1);
            at += count;
        }
        assertThat(at).as("bytes that came back before the end").isEqualTo(expected.length);
    }
}
