package dev.vecho.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Io;
import dev.vecho.core.Listener;
import dev.vecho.core.Options;
import dev.vecho.core.Problems;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Source;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a listener for messages promises, whatever the transport: each comes back once, whole and unchanged, to whom it
 * came from. A transport's test extends it, once for each {@link Io}.
 */
public abstract class MessageContract {

    private static final int EVENT_LOOPS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration BEFORE_RETRY = Duration.ofSeconds(3);
    private static final int TRIES = 20;

    /** How long to listen where nothing is expected. */
    private static final Duration SILENCE = Duration.ofMillis(200);

    private final String io;
    private Vertx vertx;
    private Traffic traffic = new Traffic();
    private List<Listener> listeners = List.of();
    private ExecutorService threads;

    /** Made for each test. */
    @SuppressWarnings("NullAway.Init") // setUp sets the rest.
    protected MessageContract(String io) {
        this.io = io;
    }

    /** What is tested. */
    protected abstract Transport transport();

    /** The options of a listener on any free port of loopback. */
    protected abstract JsonObject options();

    /**
     * Opens a client that is not ours.
     *
     * @param address as the listener tells it
     */
    protected abstract MessageClient connect(String address) throws IOException;

    /** How many bytes the largest message has that a listener with these options echoes. */
    protected abstract int largestMessage();

    /** Whether a message can have no byte. */
    protected boolean hasEmptyMessages() {
        return true;
    }

    /** Whether a message may get lost or overtake another, as on a network; a client sends it again then. */
    protected boolean mayLoseMessages() {
        return false;
    }

    /** The options of a listener on an address that was told before. */
    protected JsonObject optionsFor(String address) {
        return options().put("port", Target.parse(address).port());
    }

    /** A Vert.x instance on the io of this test. */
    protected final Vertx vertx() {
        return vertx;
    }

    /** The counters of the listener. */
    protected final Traffic traffic() {
        return traffic;
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
    void carriesMessages() {
        assertThat(transport().carriage()).isEqualTo(Transport.Carriage.MESSAGES);
    }

    @Test
    void echoesAnEmptyMessageBetweenOthers() throws Exception {
        try (MessageClient client = connect(listen())) {
            Conversation conversation = new Conversation(client);
            conversation.echoes(new byte[] {1});
            if (hasEmptyMessages()) {
                conversation.echoes(new byte[0]);
                conversation.echoes(new byte[] {2});
                conversation.echoes(new byte[0]);
            }
        }
    }

    @Test
    void echoesEveryByteValue() throws Exception {
        byte[] all = new byte[256];
        try (MessageClient client = connect(listen())) {
            Conversation conversation = new Conversation(client);
            for (int value = 0; value < 256; value++) {
                all[value] = (byte) value;
                conversation.echoes(new byte[] {(byte) value});
            }
            conversation.echoes(all);
        }
        assertThat(traffic.snapshot().bytes()).as("bytes counted").isGreaterThanOrEqualTo(512);
    }

    @Test
    void echoesMessagesOfAllSizes() throws Exception {
        try (MessageClient client = connect(listen())) {
            Conversation conversation = new Conversation(client);
            for (int power = 1; power < largestMessage(); power *= 2) {
                conversation.echoes(bytes(power - 1 == 0 ? 1 : power - 1, power));
                conversation.echoes(bytes(power, power + 1));
                conversation.echoes(bytes(power + 1, power + 2));
            }
        }
    }

    @Test
    void echoesTheLargestMessageAgainAndAgain() throws Exception {
        try (MessageClient client = connect(listen())) {
            Conversation conversation = new Conversation(client);
            for (int i = 0; i < 20; i++) {
                conversation.echoes(bytes(largestMessage(), i));
            }
        }
    }

    @Test
    void echoesThousandsInLockStep() throws Exception {
        try (MessageClient client = connect(listen())) {
            Conversation conversation = new Conversation(client);
            Random random = new Random(11);
            for (int i = 0; i < 5_000; i++) {
                conversation.echoes(bytes(8 + random.nextInt(Math.min(2_000, largestMessage() - 8)), i));
            }
        }
    }

    @Test
    void echoesMessagesThatAreSentWithoutWaiting() throws Exception {
        int window = 50;
        try (MessageClient client = connect(listen())) {
            for (int round = 0; round < 20; round++) {
                List<byte[]> expected = new ArrayList<>();
                for (int i = 0; i < window; i++) {
                    byte[] message = bytes(100, round * 1_000L + i);
                    expected.add(message);
                    client.send(message);
                }
                receiveAll(client, expected);
            }
        }
    }

    /** All come, in order; where some may be lost, those that come are unchanged, and none comes twice. */
    private void receiveAll(MessageClient client, List<byte[]> expected) throws IOException {
        while (!expected.isEmpty()) {
            byte[] reply = client.receive(mayLoseMessages() ? BEFORE_RETRY : PATIENCE);
            if (reply == null && mayLoseMessages()) {
                return;
            }
            assertThat(reply).as("the next message").isNotNull();
            if (mayLoseMessages()) {
                Predicate<byte[]> same = message -> Arrays.equals(message, reply);
                assertThat(expected.removeIf(same))
                        .as("was sent and had not come")
                        .isTrue();
            } else {
                assertThat(reply).isEqualTo(expected.remove(0));
            }
        }
    }

    @Test
    void servesManyClientsAtOnce() throws Exception {
        String address = listen();
        int clients = 50;
        CountDownLatch connected = new CountDownLatch(clients);
        List<Future<Void>> running = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            int number = i;
            running.add(inBackground(() -> {
                try (MessageClient client = connect(address)) {
                    connected.countDown();
                    assertThat(connected.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                            .as("all are connected")
                            .isTrue();
                    Conversation conversation = new Conversation(client);
                    for (int round = 0; round < 100; round++) {
                        conversation.echoes(bytes(200, number * 1_000L + round));
                    }
                }
                return null;
            }));
        }
        for (Future<Void> client : running) {
            await(client, Duration.ofMinutes(5));
        }
    }

    @Test
    void survivesAMessageThatIsTooLarge() throws Exception {
        String address = listen();
        try (MessageClient other = connect(address)) {
            Conversation conversation = new Conversation(other);
            conversation.echoes(new byte[] {1});
            byte[] tooLarge = bytes(largestMessage() + 1, 1);
            try (MessageClient client = connect(address)) {
                client.send(tooLarge);
                assertThat(client.receive(SILENCE)).as("what came for it").isNull();
            } catch (IOException e) {
                assertThat(e).as("the client, or the listener, refused it").isNotNull();
            }
            conversation.echoes(new byte[] {2});
        }
    }

    @Test
    void servesOthersWhenClientsVanish() throws Exception {
        String address = listen();
        try (MessageClient other = connect(address)) {
            Conversation conversation = new Conversation(other);
            for (int round = 0; round < 20; round++) {
                try (MessageClient vanishing = connect(address)) {
                    for (int i = 0; i < 20; i++) {
                        vanishing.send(bytes(1_000, i));
                    }
                }
                conversation.echoes(bytes(4, round));
            }
        }
    }

    @Test
    void freesTheAddressWhenItDrains() throws Exception {
        String address = listen();
        try (MessageClient client = connect(address)) {
            new Conversation(client).echoes(new byte[] {1});
            await(drain());
            assertThat(isSilent(client)).as("nobody answers").isTrue();
        }
        for (int round = 0; round < 5; round++) {
            assertThat(listen(optionsFor(address))).isEqualTo(address);
            try (MessageClient client = connect(address)) {
                new Conversation(client).echoes(new byte[] {2});
            }
            await(drain());
        }
    }

    private static boolean isSilent(MessageClient client) {
        try {
            client.send(new byte[] {3});
            return client.receive(SILENCE) == null;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void drainsWhileMessagesCome() throws Exception {
        String address = listen();
        CountDownLatch begun = new CountDownLatch(1);
        Future<Void> sending = inBackground(() -> {
            try (MessageClient client = connect(address)) {
                new Conversation(client).echoes(new byte[] {1});
                begun.countDown();
                for (int i = 0; i < 200; i++) {
                    client.send(bytes(1_000, i));
                }
            } catch (IOException e) {
                // The listener is gone: as it should be.
                return null;
            }
            return null;
        });
        assertThat(begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        await(drain());
        await(sending);
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

    private Future<Void> drain() {
        return Future.all(listeners.stream()
                        .map(listener -> listener.drain(PATIENCE))
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

    /** Pseudo-random bytes, the same for the same seed. */
    protected static byte[] bytes(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A client and its messages, one at a time. */
    protected final class Conversation {

        private final MessageClient client;
        private byte @Nullable [] repeated;

        public Conversation(MessageClient client) {
            this.client = client;
        }

        /** Sends a message and waits for its echo; where messages may be lost, sends it again after a while. */
        public void echoes(byte[] message) throws IOException {
            int tries = mayLoseMessages() ? TRIES : 1;
            byte[] reply = null;
            byte[] late = repeated;
            for (int i = 0; i < tries && reply == null; i++) {
                client.send(message);
                repeated = i > 0 ? message : repeated;
                reply = client.receive(mayLoseMessages() ? BEFORE_RETRY : PATIENCE);
                while (reply != null && late != null && Arrays.equals(reply, late) && !Arrays.equals(reply, message)) {
                    // The echo of one that was sent twice.
                    reply = client.receive(BEFORE_RETRY);
                }
            }
            assertThat(reply).as("the echo of %d bytes", message.length).isEqualTo(message);
        }
    }
}
