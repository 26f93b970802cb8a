package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageServicesContract;
import dev.vecho.transport.http.GrpcTransport;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Services that answer the messages of a call of gRPC, each with one, with Vert.x's client of HTTP/2. */
class GrpcServicesTest extends MessageServicesContract {

    GrpcServicesTest() {
        super(usualIo());
    }

    @Override
    protected Transport transport() {
        return new GrpcTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    @Override
    protected MessageClient connect(String address) {
        return new Call(address, "/any.Service/Method");
    }

    @Override
    protected void verify(JsonObject told) {
        assertThat(told.getString("transport")).isEqualTo("http");
        assertThat(told.getJsonObject("http").getString("version")).isEqualTo("HTTP/2");
        assertThat(told.getJsonObject("http").getString("target")).isEqualTo("/any.Service/Method");
    }

    /** The end of the call has its status behind the last answer. */
    @Test
    void endsACallThatHasEnded() throws Exception {
        try (Call call = new Call(listen(options().put("service", "copy")), "/any.Service/Method")) {
            call.send(bytes(1000, 1));
            call.send(new byte[0]);
            call.end();
            assertThat(call.receive(PATIENCE)).isEqualTo(bytes(1000, 1));
            assertThat(call.receive(PATIENCE)).isEmpty();
            assertThat(call.status()).isEqualTo("0");
        }
    }

    @Test
    void refusesMessagesThatAreTooLarge() throws Exception {
        JsonObject options = options().put("service", "copy").put("maxMessageBytes", 999);
        try (Call call = new Call(listen(options), "/any.Service/Method")) {
            call.send(bytes(1000, 1));
            assertThat(call.status()).as("RESOURCE_EXHAUSTED").isEqualTo("8");
        }
    }

    /** That is the listener's own, whatever its service. */
    @Test
    void keepsTheHealthService() throws Exception {
        try (Call call = new Call(listen(options().put("service", "discard")), "/grpc.health.v1.Health/Check")) {
            call.send(new byte[0]);
            call.end();
            // SERVING
            assertThat(call.receive(PATIENCE)).containsExactly(8, 1);
            assertThat(call.status()).isEqualTo("0");
        }
    }

    private final class Call implements MessageClient {

        private final HttpClient client;
        private final HttpClientRequest request;
        private final BlockingQueue<byte[]> came = new LinkedBlockingQueue<>();
        private final CompletableFuture<String> status = new CompletableFuture<>();

        Call(String address, String method) {
            Target target = Target.parse(address);
            client = vertx().createHttpClient(new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false));
            request = client.request(HttpMethod.POST, target.port(), String.valueOf(target.host()), method)
                    .await();
            request.putHeader("content-type", "application/grpc").putHeader("te", "trailers");
            request.setChunked(true);
            request.response().onSuccess(this::read);
            request.writeHead().await();
        }

        private void read(HttpClientResponse response) {
            RecordParser parser = RecordParser.newFixed(5);
            boolean[] within = new boolean[1];
            parser.handler(bytes -> {
                int length = within[0] ? 0 : bytes.getInt(1);
                if (within[0]) {
                    came.add(bytes.getBytes());
                } else if (length == 0) {
                    came.add(new byte[0]);
                }
                within[0] = length > 0;
                parser.fixedSizeMode(within[0] ? length : 5);
            });
            response.handler(parser);
            response.endHandler(end -> {
                String late = response.getTrailer("grpc-status");
                status.complete(String.valueOf(late == null ? response.getHeader("grpc-status") : late));
            });
        }

        String status() throws Exception {
            return status.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        void end() {
            request.end().await();
        }

        @Override
        public void send(byte[] message) {
            request.write(Buffer.buffer()
                            .appendByte((byte) 0)
                            .appendInt(message.length)
                            .appendBytes(message))
                    .await();
        }

        @Override
        public byte @Nullable [] receive(Duration patience) throws IOException {
            try {
                return came.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void close() {
            client.close().await();
        }
    }
}
