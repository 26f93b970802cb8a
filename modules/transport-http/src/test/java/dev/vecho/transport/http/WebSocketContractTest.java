package dev.vecho.transport.http;

import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageContract;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class WebSocketContractTest extends MessageContract {

    private static final int LARGEST = 1 << 20;
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(60)).build();

    WebSocketContractTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available();
    }

    @Override
    protected Transport transport() {
        return new WebSocketTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0).put("maxMessageBytes", LARGEST);
    }

    @Override
    protected int largestMessage() {
        return LARGEST;
    }

    @Override
    protected MessageClient connect(String address) throws IOException {
        return new JdkClient(address);
    }

    /** The JDK's WebSocket. */
    private static final class JdkClient implements MessageClient, WebSocket.Listener {

        private final BlockingQueue<CompletableFuture<byte[]>> messages = new LinkedBlockingQueue<>();
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();
        private final WebSocket socket;

        JdkClient(String address) throws IOException {
            socket = await(CLIENT.newWebSocketBuilder().buildAsync(URI.create(address), this));
        }

        private static <T> T await(CompletableFuture<T> future) throws IOException {
            try {
                return future.orTimeout(60, TimeUnit.SECONDS).join();
            } catch (CompletionException e) {
                throw new IOException(e.getCause());
            }
        }

        @Override
        public void send(byte[] bytes) throws IOException {
            await(socket.sendBinary(ByteBuffer.wrap(bytes), true));
        }

        @Override
        public byte @Nullable [] receive(Duration patience) throws IOException {
            try {
                CompletableFuture<byte[]> next = messages.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
                return next == null ? null : await(next);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
            byte[] part = new byte[data.remaining()];
            data.get(part);
            message.writeBytes(part);
            if (last) {
                messages.add(CompletableFuture.completedFuture(message.toByteArray()));
                message.reset();
            }
            webSocket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
            messages.add(CompletableFuture.failedFuture(new IOException("closed with " + code)));
            return null;
        }

        @Override
        public void onError(WebSocket webSocket, Throwable cause) {
            messages.add(CompletableFuture.failedFuture(cause));
        }

        @Override
        public void close() {
            socket.abort();
        }
    }
}
