package dev.vecho.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What the services beside the echo promise on a transport that carries messages, whatever the transport. A transport's test extends
 * it, with the module of the services on its class path.
 */
public abstract class MessageServicesContract extends ListenerContract {

    private static final Duration SILENCE = Duration.ofMillis(300);

    /** From 1900 to 1970, in seconds. */
    private static final long TIME_OFFSET = 2_208_988_800L;

    /** Made for each test. */
    protected MessageServicesContract(String io) {
        super(io);
    }

    /** Opens a connection with a client that is not ours. */
    protected abstract MessageClient connect(String address) throws IOException;

    /** Asks once, or again where a message may get lost. */
    private byte @Nullable [] answer(Object service, byte[] message) throws Exception {
        try (MessageClient client = connect(listen(options().put("service", service)))) {
            client.send(message);
            return client.receive(PATIENCE);
        }
    }

    @Test
    void discardsMessages() throws Exception {
        try (MessageClient client = connect(listen(options().put("service", "discard")))) {
            client.send(bytes(1000, 1));
            eventually("it has come", () -> traffic().snapshot().bytes() == 1000);
            assertThat(client.receive(SILENCE)).isNull();
        }
        assertThat(traffic().snapshot().sent()).isZero();
    }

    @Test
    void generatesSomeCharacters() throws Exception {
        try (MessageClient client = connect(listen(options().put("service", "chargen")))) {
            for (int i = 0; i < 100; i++) {
                client.send(new byte[] {1});
                byte[] told = client.receive(PATIENCE);
                assertThat(told).isNotNull().hasSizeBetween(1, 512);
                assertThat(new String(told, StandardCharsets.US_ASCII)).matches("[ -~\r\n]*");
            }
        }
    }

    @Test
    void tellsTheTimeInWords() throws Exception {
        byte[] told = answer("daytime", new byte[] {1});
        assertThat(told).isNotNull();
        assertThat(new String(told, StandardCharsets.US_ASCII)).endsWith("-UTC\r\n");
    }

    @Test
    void tellsTheTimeAsANumber() throws Exception {
        long now = Instant.now().getEpochSecond() + TIME_OFFSET;
        byte[] told = answer("time", new byte[] {1});
        assertThat(told).isNotNull().hasSize(4);
        assertThat(Integer.toUnsignedLong(ByteBuffer.wrap(told).getInt()) - now).isBetween(-1L, PATIENCE.toSeconds());
    }

    @Test
    void tellsWhoTheClientIs() throws Exception {
        byte[] told = answer("whoami", bytes(100, 1));
        assertThat(told).isNotNull();
        JsonObject document = new JsonObject(new String(told, StandardCharsets.UTF_8));
        assertThat(document.getMap()).containsKeys("transport", "remote", "local", "time");
        verify(document);
    }

    /** Looks at what whoami tells of this transport. */
    protected void verify(JsonObject told) {
        assertThat(told.getString("local")).isNotEmpty();
    }
}
