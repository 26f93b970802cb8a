package dev.vecho.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What a listener for messages promises, whatever the transport: each comes back once, whole and unchanged, to whom it
 * came from. A transport's test extends it, once for each {@link Io}.
 */
public abstract class MessageContract extends ListenerContract {

    private static final Duration BEFORE_RETRY = Duration.ofSeconds(3);
    private static final int TRIES = 20;

    /** How long to listen where nothing is expected. */
    private static final Duration SILENCE = Duration.ofMillis(200);

    /** Made for each test. */
    protected MessageContract(String io) {
        super(io);
    }

    /**
     * Opens a client that is not ours.
     *
     * @param address as the listener tells it
     */
    protected abstract MessageClient connect(String address) throws IOException;

    /** How many bytes the largest message has that a listener with these options echoes. */
    protected abstract int largestMessage();

    /** How many bytes a message has that is not echoed. */
    protected int tooLargeMessage() {
        return largestMessage() + 1;
    }

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

    /** What the transport says that it carries, which is streams where messages are beside them. */
    protected Transport.Framing framing() {
        return Transport.Framing.MESSAGES;
    }

    @Test
    void carriesMessages() {
        assertThat(transport().framing()).isEqualTo(framing());
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
        assertThat(traffic().snapshot().bytes()).as("bytes counted").isGreaterThanOrEqualTo(512);
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
            byte[] tooLarge = bytes(tooLargeMessage(), 1);
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
            await(drain(PATIENCE));
            assertThat(isSilent(client)).as("nobody answers").isTrue();
        }
        for (int round = 0; round < 5; round++) {
            assertThat(listen(optionsFor(address))).isEqualTo(address);
            try (MessageClient client = connect(address)) {
                new Conversation(client).echoes(new byte[] {2});
            }
            await(drain(PATIENCE));
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
        await(drain(PATIENCE));
        await(sending);
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
