package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transport;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageServicesContract;
import dev.vecho.transport.http.WebSocketTransport;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WebSocketServicesTest extends MessageServicesContract {

    WebSocketServicesTest() {
        super(usualIo());
    }

    @Override
    protected Transport transport() {
        return new WebSocketTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    @Override
    protected MessageClient connect(String address) {
        return new JdkClient(address);
    }

    @Override
    protected void verify(JsonObject told) {
        assertThat(told.getString("transport")).isEqualTo("websocket");
        assertThat(told.getJsonObject("webSocket").getJsonArray("extensions")).isEmpty();
        assertThat(told.getJsonObject("http").getString("target")).isEqualTo("/");
    }

    /** A message may come in fragments, and is one all the same. */
    @Test
    void answersEachMessageOnce() throws Exception {
        try (JdkClient client = new JdkClient(listen(options().put("service", "copy")))) {
            client.socket.sendText("frag", false).join();
            client.socket.sendText("ment", true).join();
            client.send(new byte[0]);
            client.send(new byte[] {7});
            assertThat(client.receive(Duration.ofSeconds(60)))
                    .isEqualTo("fragment".getBytes(StandardCharsets.US_ASCII));
            assertThat(client.receive(Duration.ofSeconds(60))).isEmpty();
            assertThat(client.receive(Duration.ofSeconds(60))).containsExactly(7);
        }
    }

    /** The JDK's WebSocket. */
    private static final class JdkClient implements MessageClient, WebSocket.Listener {

        private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();
        private final WebSocket socket;

        JdkClient(String address) {
            socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(URI.create(address), this)
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
        }

        @Override
        public void send(byte[] bytes) {
            socket.sendBinary(ByteBuffer.wrap(bytes), true)
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
        }

        @Override
        public byte @Nullable [] receive(Duration patience) throws IOException {
            try {
                return messages.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            return came(from, bytes, last);
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            return came(from, data.toString().getBytes(StandardCharsets.UTF_8), last);
        }

        private @Nullable CompletionStage<?> came(WebSocket from, byte[] bytes, boolean last) {
            message.writeBytes(bytes);
            if (last) {
                messages.add(message.toByteArray());
                message.reset();
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void close() {
            socket.abort();
        }
    }
}
