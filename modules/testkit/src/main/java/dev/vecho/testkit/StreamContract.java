package dev.vecho.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Traffic;
import dev.vecho.net.echo.IdleWatch;
import dev.vecho.net.io.Io;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a listener for streams of bytes promises, whatever the transport: every accepted byte comes back, in order,
 * through half-closed connections too, in bounded memory. A transport's test extends it, once for each {@link Io}.
 */
public abstract class StreamContract extends ListenerContract {

    private static final int MIB = 1 << 20;
    /** Twice what both systems hold of an echo that nobody reads: 8.5 MB of TCP on Linux 6.18. */
    private static final int BEYOND_BUFFERS = 16 * MIB;

    private static final Duration STUCK = Duration.ofMillis(300);

    /** What waits for its end waits too long for a test. */
    private static final Duration LONG_GRACE = Duration.ofHours(1);

    /** Made for each test. */
    protected StreamContract(String io) {
        super(io);
    }

    /**
     * Opens a connection with a client that is not ours.
     *
     * @param address as the listener tells it
     * @param receiveBuffer the client's, in bytes; 0 for the system's default
     */
    protected abstract EchoClient connect(String address, int receiveBuffer) throws IOException;

    /**
     * Whether to play with all sizes and counts. Each transport does so at least on the io that is usual; what differs on
     * the others, or with another engine for TLS, shows with fewer.
     */
    protected boolean inFull() {
        return true;
    }

    /** How many connections to open one after the other; fewer where opening one is slow. {@link Repeat} has its say. */
    protected int shortConnections() {
        return 10_000;
    }

    /** What such a peer may cost: the queue, what a read may add to it, and what TLS holds while it works on a record. */
    protected long bytesForAPeerThatDoesNotRead() {
        return (1 + 7) * 65_536L;
    }

    /** How many connections to hold open; fewer where opening one is slow. */
    protected int connectionsAtOnce() {
        return 2000;
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
    void echoesWhatFitsNoBufferWhileItIsSent() throws Exception {
        echoesAfterHalfClose(0, inFull() ? 64 * MIB : BEYOND_BUFFERS, 0, false);
    }

    @TestFactory
    Stream<DynamicTest> echoesEverythingAfterHalfCloseToALateReader() {
        return IntStream.of(
                        inFull()
                                ? new int[] {
                                    1, 1000, 65_536, 65_537, 300_000, 2_400_000, 2_600_000, 5_000_001, 7_000_000,
                                    64 * MIB
                                }
                                : new int[] {1, 65_537, 2_600_000, 7_000_000, BEYOND_BUFFERS})
                .mapToObj(
                        size -> DynamicTest.dynamicTest(size + " bytes", () -> echoesAfterHalfClose(0, size, 0, true)));
    }

    @TestFactory
    Stream<DynamicTest> echoesEverythingAfterHalfCloseToALateReaderWithASmallBuffer() {
        return IntStream.of(inFull() ? new int[] {2048, 4096, 16_384, 262_144} : new int[] {2048, 16_384})
                .mapToObj(buffer -> DynamicTest.dynamicTest(
                        "receive buffer of " + buffer + " bytes",
                        () -> echoesAfterHalfClose(0, 5_000_000, buffer, true)));
    }

    @TestFactory
    Stream<DynamicTest> echoesEverythingAfterHalfCloseThatFollowsAConversation() {
        return IntStream.of(1, 1000, 7_000_000)
                .mapToObj(size ->
                        DynamicTest.dynamicTest(size + " bytes", () -> echoesAfterHalfClose(100, size, 0, true)));
    }

    /**
     * Sends a byte at a time, and then everything, and closes the output; a late reader starts only when the sender is stuck
     * or done.
     */
    private void echoesAfterHalfClose(int single, int size, int receiveBuffer, boolean late) throws Exception {
        byte[] sent = bytes(size, size);
        try (EchoClient client = connect(listen(), receiveBuffer)) {
            for (int i = 0; i < single; i++) {
                client.out().write(i);
                assertThat(client.in().read()).isEqualTo(i);
            }
            Future<Void> sending = inBackground(() -> {
                client.out().write(sent);
                client.closeOutput();
                return null;
            });
            if (late) {
                settle(() -> sending.isComplete() && traffic().snapshot().bytes() == single + size);
            }
            assertSame(sent, client.in());
            await(sending);
        }
        eventually(
                "the connection is counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().snapshot().failed()).as("failed connections").isZero();
        assertThat(traffic().snapshot().bytes()).isEqualTo(single + size);
        await(drain(PATIENCE));
    }

    @Test
    void losesNoByteOfManyShortConnections() throws Exception {
        String address = listen();
        int clients = 8;
        int rounds = Repeat.of(shortConnections() / clients);
        List<Future<Void>> running = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            Random random = new Random(i);
            running.add(inBackground(() -> {
                for (int round = 0; round < rounds; round++) {
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
        eventually("all are counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().snapshot().failed()).as("failed connections").isZero();
    }

    @Test
    void servesOthersWhenOneIsReset() throws Exception {
        String address = listen();
        byte[] much = bytes(8 * MIB, 5);
        try (EchoClient other = connect(address, 0)) {
            for (int round = 0; round < 20; round++) {
                EchoClient broken = connect(address, 0);
                Future<Void> sending = inBackground(() -> {
                    broken.out().write(much);
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
        eventually("all are counted as ended", () -> traffic().snapshot().active() == 0);
        // On HTTP the other one ends in the middle of a request.
        assertThat(traffic().failures().keySet())
                .contains(FailureReason.RESET.words())
                .isSubsetOf(FailureReason.RESET.words(), FailureReason.UNFINISHED.words());
    }

    @ParameterizedTest(name = "closes its output: {0}")
    @ValueSource(booleans = {false, true})
    void boundsTheMemoryThatPeersCostWhoOnlySend(boolean halfClose) throws Exception {
        boundsTheMemoryThatPeersCostWhoOnlySend(options(), halfClose);
    }

    /** After a pause it reads on only where it would have read. */
    @Test
    void boundsTheMemoryThatPeersCostWhoAreHeldToARate() throws Exception {
        boundsTheMemoryThatPeersCostWhoOnlySend(options().put("maxBytesPerSecond", 10_000_000), false);
    }

    private void boundsTheMemoryThatPeersCostWhoOnlySend(JsonObject options, boolean halfClose) throws Exception {
        int peers = 20;
        byte[] block = bytes(65_536, 1);
        String address = listen(options);
        List<EchoClient> clients = new ArrayList<>();
        List<Future<Void>> sending = new ArrayList<>();
        try {
            for (int i = 0; i < peers; i++) {
                EchoClient client = connect(address, 4096);
                clients.add(client);
                sending.add(inBackground(() -> {
                    // More than the buffers of both systems hold makes the writer wait; a little less lets the end of
                    // its output arrive while the listener holds back.
                    for (int blocks = 0; blocks < (halfClose ? 52 : 1000); blocks++) {
                        client.out().write(block);
                    }
                    if (halfClose) {
                        client.closeOutput();
                    }
                    return null;
                }));
            }
            settle(() -> false);
            long bound = peers * bytesForAPeerThatDoesNotRead();
            assertThat(heldBytes())
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
    void servesManyConnectionsAtOnce() throws Exception {
        String address = listen();
        int threads = 4;
        int each = (inFull() ? connectionsAtOnce() : connectionsAtOnce() / 10) / threads;
        int count = each * threads;
        List<EchoClient> clients = Collections.synchronizedList(new ArrayList<>());
        List<Future<Void>> opening = new ArrayList<>();
        try {
            for (int i = 0; i < threads; i++) {
                opening.add(inBackground(() -> {
                    for (int opened = 0; opened < each; opened++) {
                        clients.add(connect(address, 0));
                    }
                    return null;
                }));
            }
            for (Future<Void> opened : opening) {
                await(opened, Duration.ofMinutes(5));
            }
            for (int i = 0; i < count; i++) {
                clients.get(i).out().write(bytes(1000, i));
            }
            for (int i = 0; i < count; i++) {
                assertThat(clients.get(i).in().readNBytes(1000)).isEqualTo(bytes(1000, i));
            }
            assertThat(traffic().snapshot().active()).isEqualTo(count);
        } finally {
            // A copy: who failed may still be opening.
            for (EchoClient client : clients.toArray(EchoClient[]::new)) {
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
            assertThat(traffic().snapshot().refused()).isEqualTo(1);
            first.out().write(3);
            assertThat(first.in().read()).isEqualTo(3);
        }
        eventually("there is room again", () -> traffic().snapshot().active() == 0);
        try (EchoClient third = connect(address, 0)) {
            third.out().write(4);
            assertThat(third.in().read()).isEqualTo(4);
        }
    }

    /** The end of the output comes while the listener does not read. */
    @Test
    void echoesAllThatIsHeldToTheRateOfAConnection() throws Exception {
        long begin = System.nanoTime();
        // A read may take up to 64 KiB more than the rate.
        int bytes = inFull() ? 500_000 : 300_000;
        echoesAtARate(options().put("maxBytesPerSecond", 200_000), List.of(bytes(bytes, 21)));
        assertThat(millisSince(begin)).isBetween(inFull() ? 1_200L : 100L, PATIENCE.toMillis());
    }

    /** Those that send at the same time wait for each other, longer than they may be idle. */
    @Test
    void echoesAllThatIsHeldToTheRateOfTheListener() throws Exception {
        JsonObject options = options().put("maxListenerBytesPerSecond", 20_000).put("idleTimeoutMillis", 2_000);
        List<byte[]> each =
                IntStream.range(0, 8).mapToObj(i -> bytes(12_000, i)).toList();
        long begin = System.nanoTime();
        echoesAtARate(options, each);
        assertThat(millisSince(begin)).isBetween(3_000L, PATIENCE.toMillis());
    }

    /** A second's worth may come at once. */
    private void echoesAtARate(JsonObject options, List<byte[]> each) throws Exception {
        String address = listen(options);
        List<EchoClient> clients = new ArrayList<>();
        List<Future<Void>> sending = new ArrayList<>();
        for (byte[] sent : each) {
            EchoClient client = connect(address, 0);
            clients.add(client);
            sending.add(inBackground(() -> {
                client.out().write(sent);
                client.closeOutput();
                return null;
            }));
        }
        for (int i = 0; i < clients.size(); i++) {
            assertSame(each.get(i), clients.get(i).in());
            await(sending.get(i));
            clients.get(i).close();
        }
        eventually("all are counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).isEmpty();
    }

    private static long millisSince(long begin) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    /** What is held back when the service stops is echoed before it ends. */
    @Test
    void echoesWhatIsHeldToARateWhenItDrains() throws Exception {
        byte[] sent = bytes(inFull() ? 200_000 : 140_000, 22);
        try (EchoClient client = connect(listen(options().put("maxBytesPerSecond", 100_000)), 0)) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(sent);
                return null;
            });
            eventually("some of it came", () -> traffic().snapshot().bytes() > 0);
            Future<Traffic.Snapshot> drained = drain(LONG_GRACE);
            assertThat(client.in().readNBytes(sent.length)).isEqualTo(sent);
            await(sending);
            client.closeOutput();
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
            assertThat(await(drained).failed()).as("failed connections").isZero();
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
        withIdleTimeout(address -> {
            boolean echoed = false;
            try (EchoClient client = connect(address, 0)) {
                client.out().write(1);
                int echo = client.in().read();
                echoed = echo >= 0;
                if (echoed) {
                    assertThat(echo).isEqualTo(1);
                    assertThat(client.in().read()).as("the end").isEqualTo(-1);
                }
            } catch (IOException e) {
                assertThat(echoed).as("a byte came back before " + e).isFalse();
            }
            return echoed;
        });
    }

    @Test
    void resetsAnIdleConnectionThatHasNotReadEverything() throws Exception {
        byte[] sent = bytes(64 * MIB, 1);
        withIdleTimeout(address -> {
            try (EchoClient client = connect(address, 4096)) {
                Future<Void> sending = inBackground(() -> {
                    client.out().write(sent);
                    return null;
                });
                eventually("the sender was stopped", sending::isComplete);
                eventually("the connection is over", () -> traffic().snapshot().active() == 0);
                if (traffic().snapshot().bytes() == 0) {
                    return false;
                }
                assertThat(traffic().failures()).isEqualTo(Map.of(FailureReason.IDLE.words(), 1L));
                // The system tells of a reset once, to who writes or to who reads.
                assertThat(sending.failed() || !endsCleanly(client.in()))
                        .as("the peer learns of the loss")
                        .isTrue();
                return true;
            } catch (IOException e) {
                assertThat(traffic().snapshot().bytes())
                        .as("bytes received before " + e)
                        .isZero();
                return false;
            }
        });
    }

    private interface Attempt {

        /** Returns false if the connection was closed before it did anything. */
        boolean begins(String address) throws Exception;
    }

    /** A machine that is slow may take longer than the timeout until the first byte: then there is twice the time. */
    private void withIdleTimeout(Attempt attempt) throws Exception {
        boolean begun = false;
        for (int millis = 300; !begun; millis *= 2) {
            assertThat(millis).as("milliseconds until the first byte").isLessThan(60_000);
            begun = attempt.begins(listen(options().put("idleTimeoutMillis", millis)));
            await(drain(PATIENCE));
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

    /** A listener that drains closes what is quiet; here something is under way, however long it takes. */
    @Test
    void letsConnectionsFinishWhenItDrains() throws Exception {
        String address = listen();
        byte[] sent = bytes(BEYOND_BUFFERS, 9);
        try (EchoClient client = connect(address, 0)) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(sent);
                client.closeOutput();
                return null;
            });
            settle(sending::isComplete);
            Future<Traffic.Snapshot> drained = drain(LONG_GRACE);
            eventually("new connections are refused", () -> isRefused(address));
            assertSame(sent, client.in());
            await(sending);
            Traffic.Snapshot end = await(drained);
            assertThat(end.active()).as("open connections").isZero();
            assertThat(end.failed()).as("failed connections").isZero();
        }
    }

    /** Whether a connection on which everything came back has nothing under way; a request of HTTP that has not ended has. */
    protected boolean isDoneWhenQuiet() {
        return true;
    }

    @Test
    void closesQuietConnectionsWhenItDrains() throws Exception {
        String address = listen();
        try (EchoClient client = connect(address, 0);
                EchoClient other = connect(address, 0)) {
            List<EchoClient> clients = List.of(client, other);
            for (EchoClient each : clients) {
                each.out().write(1);
                assertThat(each.in().read()).isEqualTo(1);
            }
            long start = System.nanoTime();
            Future<Traffic.Snapshot> drained = drain(LONG_GRACE);
            if (!isDoneWhenQuiet()) {
                eventually(
                        "they have been quiet for long",
                        () -> System.nanoTime() - start
                                > IdleWatch.QUIET.multipliedBy(2).toNanos());
                for (EchoClient each : clients) {
                    each.out().write(2);
                    assertThat(each.in().read()).isEqualTo(2);
                    each.closeOutput();
                }
            }
            for (EchoClient each : clients) {
                assertThat(each.in().read()).as("the end").isEqualTo(-1);
            }
            Traffic.Snapshot end = await(drained);
            assertThat(end.active()).as("open connections").isZero();
            assertThat(end.failed()).as("failed connections").isZero();
        }
    }

    @Test
    void servesThoseThatTalkWhileItDrains() throws Exception {
        boolean tried = false;
        while (!tried) {
            String address = listen();
            try (EchoClient client = connect(address, 0)) {
                client.out().write(1);
                assertThat(client.in().read()).isEqualTo(1);
                Future<Traffic.Snapshot> drained = drain(LONG_GRACE);
                // Longer than what is quiet stays open.
                tried = talks(
                        client,
                        inFull()
                                ? IdleWatch.QUIET.multipliedBy(2)
                                : IdleWatch.QUIET.multipliedBy(5).dividedBy(4));
                client.closeOutput();
                await(drained);
            }
        }
    }

    /** Sends bytes and gets them back for so long. Returns false where this machine was too slow for it to count as talk. */
    private static boolean talks(EchoClient client, Duration time) throws IOException {
        long start = System.nanoTime();
        long last = start;
        while (last - start < time.toNanos()) {
            int echo;
            try {
                client.out().write(2);
                echo = client.in().read();
            } catch (IOException e) {
                echo = -1;
            }
            long now = System.nanoTime();
            if (now - last > IdleWatch.QUIET.toNanos() / 2) {
                return false;
            }
            assertThat(echo)
                    .as("echo %d ms after the listener began to drain", (now - start) / 1_000_000)
                    .isEqualTo(2);
            last = now;
        }
        return true;
    }

    @Test
    void closesWhatIsLeftAfterTheGracePeriod() throws Exception {
        try (EchoClient client = connect(listen(), 0)) {
            client.out().write(1);
            assertThat(client.in().read()).isEqualTo(1);
            await(drain(Duration.ofMillis(200)));
            hasEnded(client);
        }
    }

    /** A client that everything was sent to finds the end. */
    protected void hasEnded(EchoClient client) throws IOException {
        assertThat(client.in().read()).as("the end").isEqualTo(-1);
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
            Traffic.Snapshot end = await(drain(Duration.ofMillis(200)));
            assertThat(end.active()).as("open connections").isZero();
            assertThat(traffic().failures()).isEqualTo(Map.of(FailureReason.DRAIN.words(), 1L));
            eventually("the sender noticed", sending::isComplete);
        }
    }

    private boolean isRefused(String address) {
        try (EchoClient late = connect(address, 0)) {
            // One that was accepted just before is served to its end, which is not now.
            Future<Integer> end = inBackground(() -> late.in().read());
            return await(end, Duration.ofSeconds(1)) == -1;
        } catch (Exception e) {
            return e instanceof SocketException || e.getCause() instanceof SocketException;
        }
    }

    /** Waits until a condition holds, or the listener has received something, and nothing for 300 ms: then everybody is stuck. */
    private void settle(BooleanSupplier condition) throws Exception {
        eventually("it begins", () -> traffic().snapshot().bytes() > 0);
        long bytes = -1;
        long since = System.nanoTime();
        while (!condition.getAsBoolean() && System.nanoTime() - since < STUCK.toNanos()) {
            long now = traffic().snapshot().bytes();
            if (now != bytes) {
                bytes = now;
                since = System.nanoTime();
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
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
