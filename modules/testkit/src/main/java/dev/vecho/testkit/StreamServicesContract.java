package dev.vecho.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Traffic;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What the services beside the echo promise on a transport that carries streams, whatever the transport. A transport's test extends
 * it, with the module of the services on its class path.
 */
public abstract class StreamServicesContract extends ListenerContract {

    private static final int MIB = 1 << 20;
    private static final int LINE = 74;

    /** From 1900 to 1970, in seconds. */
    private static final long TIME_OFFSET = 2_208_988_800L;

    /** Made for each test. */
    protected StreamServicesContract(String io) {
        super(io);
    }

    /**
     * Opens a connection with a client that is not ours.
     *
     * @param address as the listener tells it
     * @param receiveBuffer the client's, in bytes; 0 for the system's default
     */
    protected abstract EchoClient connect(String address, int receiveBuffer) throws IOException;

    /** Has the listener know of a client that only listens; more than nothing where it sees none that has sent nothing. */
    protected void showUp(EchoClient client) throws IOException {
        // A connection that was accepted is known.
    }

    private EchoClient listening(String address, int receiveBuffer) throws IOException {
        EchoClient client = connect(address, receiveBuffer);
        showUp(client);
        return client;
    }

    /** What such a peer may cost: the queue, and what is written when there is room for one byte. */
    protected long bytesForAPeerThatDoesNotRead() {
        return 3 * 65_536L;
    }

    /**
     * Whether a service can still write when its client has closed its output. The engine openssl for TLS cannot: it closes both directions at
     * the first close_notify, and what the service has not written by then is lost.
     */
    protected boolean writesAfterTheEndOfTheInput() {
        return true;
    }

    private String serving(Object service) throws Exception {
        return listen(options().put("service", service));
    }

    private void allEnded() throws Exception {
        eventually("all are counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).as("failed connections").isEmpty();
    }

    @Test
    void discardsEverythingAndEndsAfterIt() throws Exception {
        try (EchoClient client = connect(serving("discard"), 0)) {
            client.out().write(bytes(8 * MIB, 1));
            client.closeOutput();
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
        allEnded();
        assertThat(traffic().snapshot().bytes()).isEqualTo(8 * MIB);
        assertThat(traffic().snapshot().sent()).isZero();
    }

    @Test
    void generatesLinesThatRotateUntilTheClientClosesItsOutput() throws Exception {
        try (EchoClient client = listening(serving("chargen"), 0)) {
            byte[] lines = client.in().readNBytes(200 * LINE);
            assertLines(lines);
            assertThat(new String(lines, 0, 95 * LINE, StandardCharsets.US_ASCII))
                    .as("a ring of all 95 characters")
                    .isEqualTo(new String(lines, 95 * LINE, 95 * LINE, StandardCharsets.US_ASCII));
            client.closeOutput();
            long rest = 0;
            byte[] bytes = new byte[65_536];
            for (int count = client.in().read(bytes);
                    count >= 0;
                    count = client.in().read(bytes)) {
                rest += count;
            }
            assertThat(rest % LINE).as("what comes after the last whole line").isZero();
        }
        allEnded();
    }

    @Test
    void holdsWhatItSendsByItselfToTheRate() throws Exception {
        JsonObject limited = options().put("service", "chargen").put("maxBytesPerSecond", 200_000);
        try (EchoClient client = listening(listen(limited), 0)) {
            long begin = System.nanoTime();
            assertThat(client.in().readNBytes(400_000)).hasSize(400_000);
            // What fits into a second may come at once.
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isGreaterThanOrEqualTo(900);
            client.reset();
        }
    }

    private static void assertLines(byte[] bytes) {
        for (int line = 0; line * LINE < bytes.length; line++) {
            for (int column = 0; column < 72; column++) {
                assertThat(bytes[line * LINE + column])
                        .as("column %d of line %d", column, line)
                        .isEqualTo((byte) (' ' + (line + column) % 95));
            }
            assertThat(new String(bytes, line * LINE + 72, 2, StandardCharsets.US_ASCII))
                    .isEqualTo("\r\n");
        }
    }

    @Test
    void generatesInBoundedMemoryForPeersThatDoNotRead() throws Exception {
        int peers = 20;
        String address = serving("chargen");
        List<EchoClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < peers; i++) {
                clients.add(listening(address, 4096));
            }
            eventually("all are served", () -> traffic().snapshot().accepted() == peers);
            eventually("nothing moves", StreamServicesContract.this::isSettled);
            assertThat(heldBytes())
                    .as("bytes held for %d peers that do not read", peers)
                    .isLessThanOrEqualTo(peers * bytesForAPeerThatDoesNotRead());
            // And others are served.
            try (EchoClient other = listening(address, 0)) {
                assertLines(other.in().readNBytes(1000 * LINE));
            }
            // A late reader misses nothing.
            assertLines(clients.get(0).in().readNBytes(2000 * LINE));
        } finally {
            for (EchoClient client : clients) {
                client.reset();
            }
        }
    }

    private boolean isSettled() {
        long before = traffic().snapshot().sent();
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return traffic().snapshot().sent() == before;
    }

    @Test
    void generatesForAFastReaderWithoutHoldingUpOthers() throws Exception {
        String address = serving("chargen");
        List<Future<Void>> readers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            readers.add(inBackground(() -> {
                try (EchoClient client = listening(address, 0)) {
                    byte[] bytes = new byte[65_536];
                    for (long left = 32L * MIB; left > 0; ) {
                        left -= client.in().read(bytes);
                    }
                    client.reset();
                }
                return null;
            }));
        }
        for (int i = 0; i < 20; i++) {
            try (EchoClient other = listening(address, 0)) {
                assertLines(other.in().readNBytes(LINE));
                other.reset();
            }
        }
        for (Future<Void> reader : readers) {
            await(reader);
        }
    }

    @Test
    void endsWhatGeneratesWhenItDrains() throws Exception {
        try (EchoClient client = listening(serving("chargen"), 0)) {
            Future<Long> reading = inBackground(() -> {
                long count = 0;
                byte[] bytes = new byte[65_536];
                for (int read = client.in().read(bytes);
                        read >= 0;
                        read = client.in().read(bytes)) {
                    count += read;
                }
                return count;
            });
            eventually("it is served", () -> traffic().snapshot().sent() > 0);
            await(drain(Duration.ofHours(1)));
            assertThat(await(reading) % LINE)
                    .as("what comes after the last whole line")
                    .isZero();
        }
        allEnded();
    }

    @Test
    void tellsTheTimeInWords() throws Exception {
        try (EchoClient client = connect(serving("daytime"), 0)) {
            client.closeOutput();
            String told = new String(client.in().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(told).matches("[A-Z][a-z]+day, [A-Z][a-z]+ [0-9]{1,2}, [0-9]{4} [0-9:]{8}-UTC\r\n");
        }
        allEnded();
    }

    @Test
    void tellsTheTimeAsANumberWhateverTheClientSends() throws Exception {
        try (EchoClient client = connect(serving("time"), 0)) {
            long now = Instant.now().getEpochSecond() + TIME_OFFSET;
            try {
                // More than is read before it has answered.
                client.out().write(bytes(MIB, 1));
            } catch (IOException e) {
                // It does not have to take it all.
                assertThat(e).isNotNull();
            }
            byte[] told = client.in().readNBytes(4);
            assertThat(told).hasSize(4);
            assertThat(Integer.toUnsignedLong(ByteBuffer.wrap(told).getInt()) - now)
                    .isBetween(-1L, PATIENCE.toSeconds());
        }
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
    }

    @Test
    void tellsWhoTheClientIs() throws Exception {
        try (EchoClient client = listening(serving("whoami"), 0)) {
            JsonObject told = new JsonObject(new String(client.in().readAllBytes(), StandardCharsets.UTF_8));
            assertThat(told.getMap()).containsKeys("transport", "remote", "local", "time");
            verify(told);
        }
        allEnded();
    }

    @Test
    void tellsWhoTheClientIsAsText() throws Exception {
        try (EchoClient client = listening(serving(whoamiAsText()), 0)) {
            String told = new String(client.in().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(told.lines()).anyMatch(line -> line.startsWith("transport: "));
        }
    }

    private static JsonObject whoamiAsText() {
        return new JsonObject().put("whoami", new JsonObject().put("format", "text"));
    }

    /** Looks at what whoami tells of this transport. */
    protected void verify(JsonObject told) {
        assertThat(told.getString("local")).isNotEmpty();
    }

    private static byte[] frame(byte[] content) {
        byte[] header = ("{\"byteorder\": \"big\", \"content-type\": \"x/y\", \"content-encoding\": \"binary\", "
                        + "\"content-length\": " + content.length + "}")
                .getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 + header.length + content.length)
                .putShort((short) header.length)
                .put(header)
                .put(content)
                .array();
    }

    @Test
    void echoesFramesAndEndsAfterThem() throws Exception {
        byte[] small = frame(bytes(10, 1));
        byte[] large = frame(bytes(8 * MIB, 2));
        try (EchoClient client = connect(serving("framed"), 0)) {
            for (int i = 0; i < 100; i++) {
                client.out().write(small);
                assertThat(client.in().readNBytes(small.length)).isEqualTo(small);
            }
            Future<byte[]> rest = inBackground(() -> client.in().readNBytes(large.length + small.length));
            client.out().write(large);
            client.out().write(small);
            if (!writesAfterTheEndOfTheInput()) {
                await(rest);
            }
            client.closeOutput();
            assertThat(await(rest))
                    .isEqualTo(ByteBuffer.allocate(large.length + small.length)
                            .put(large)
                            .put(small)
                            .array());
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
        allEnded();
    }

    @Test
    void echoesWhatHasComeOfAFrameBeforeTheRest() throws Exception {
        byte[] frame = frame(bytes(100_000, 1));
        int part = frame.length - 99_990;
        try (EchoClient client = connect(serving("framed"), 0)) {
            client.out().write(frame, 0, part);
            assertThat(client.in().readNBytes(part)).isEqualTo(Arrays.copyOf(frame, part));
            client.out().write(frame, part, frame.length - part);
            assertThat(client.in().readNBytes(frame.length - part))
                    .isEqualTo(Arrays.copyOfRange(frame, part, frame.length));
        }
    }

    @Test
    void readsNoMoreOfAFrameThanItsClientTakesBack() throws Exception {
        String address = serving("framed");
        byte[] frame = frame(bytes(64 * MIB, 1));
        try (EchoClient client = connect(address, 4096)) {
            Future<Void> sending = inBackground(() -> {
                client.out().write(frame);
                if (writesAfterTheEndOfTheInput()) {
                    client.closeOutput();
                }
                return null;
            });
            eventually("it is served", () -> traffic().snapshot().bytes() > 0);
            eventually("nothing moves", StreamServicesContract.this::isSettled);
            Traffic.Snapshot held = traffic().snapshot();
            assertThat(held.bytes()).isLessThan(frame.length);
            assertThat(held.bytes() - held.sent())
                    .as("bytes held for a peer that does not read")
                    .isLessThanOrEqualTo(bytesForAPeerThatDoesNotRead());
            assertThat(client.in().readNBytes(frame.length))
                    .as("to a late reader")
                    .isEqualTo(frame);
            await(sending);
            if (!writesAfterTheEndOfTheInput()) {
                client.closeOutput();
            }
            assertThat(client.in().read()).as("the end").isEqualTo(-1);
        }
        allEnded();
    }

    @Test
    void closesAfterWhatIsNoFrame() throws Exception {
        byte[] good = frame(bytes(MIB, 1));
        try (EchoClient client = connect(serving("framed"), 0)) {
            Future<byte[]> told = inBackground(() -> client.in().readAllBytes());
            client.out().write(good);
            client.out().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(await(told)).as("the frame before it, and the end").isEqualTo(good);
        }
        assertCountedAs(FailureReason.INPUT);
    }

    @Test
    void closesAfterAFrameThatTheClientDoesNotFinish() throws Exception {
        byte[] frame = frame(bytes(MIB, 1));
        try (EchoClient client = connect(serving("framed"), 0)) {
            Future<byte[]> told = inBackground(() -> client.in().readAllBytes());
            client.out().write(frame, 0, frame.length - 1);
            client.closeOutput();
            if (writesAfterTheEndOfTheInput()) {
                assertThat(await(told)).as("what came of it").isEqualTo(Arrays.copyOf(frame, frame.length - 1));
            } else {
                eventually("it is told", told::isComplete);
            }
        }
        assertCountedAs(FailureReason.UNFINISHED);
    }

    private void assertCountedAs(FailureReason reason) throws Exception {
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).isEqualTo(Map.of(reason.words(), 1L));
    }

    @Test
    void holdsServicesToTheLimits() throws Exception {
        String address = listen(options().put("service", "discard").put("maxConnections", 1));
        try (EchoClient client = connect(address, 0)) {
            client.out().write(1);
            eventually("it is served", () -> traffic().snapshot().bytes() == 1);
            try (EchoClient another = connect(address, 0)) {
                assertThat(another.in().read()).isEqualTo(-1);
            } catch (IOException e) {
                // With TLS, it breaks the handshake.
                assertThat(e).isNotNull();
            }
            assertThat(traffic().snapshot().refused()).isEqualTo(1);
        }
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
        await(drain(Duration.ZERO));
        // A slow machine may take longer than the time limit until the first byte: then there is twice the time.
        for (int millis = 300; !isServedUntilItIsIdle(millis); millis *= 2) {
            assertThat(millis).as("milliseconds until the first byte").isLessThan(60_000);
        }
    }

    /** Returns false where the connection was idle before it was served. */
    private boolean isServedUntilItIsIdle(int millis) throws Exception {
        String address = listen(options().put("service", "discard").put("idleTimeoutMillis", millis));
        try (EchoClient client = connect(address, 0)) {
            client.out().write(1);
            assertThat(client.in().read()).as("idle").isEqualTo(-1);
            eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
            if (traffic().snapshot().bytes() == 1) {
                assertThat(traffic().failures()).as("failed connections").isEmpty();
                return true;
            }
        } catch (IOException e) {
            assertThat(traffic().snapshot().bytes())
                    .as("bytes received before " + e)
                    .isZero();
        }
        return false;
    }
}
