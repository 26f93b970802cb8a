package dev.vecho.transport.http;

import static dev.vecho.transport.http.RawHttp2.DATA;
import static dev.vecho.transport.http.RawHttp2.END_STREAM;
import static dev.vecho.transport.http.RawHttp2.GOAWAY;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.transport.http.RawHttp2.Frame;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client of HTTP/2 is told that a connection takes no more requests before it ends, and its requests under way finish. */
@Timeout(180)
class Http2GoAwayTest {

    /** Begins a request, which the listener answers before it has ended. */
    private static RawHttp2 begin(HttpServer server) throws IOException {
        RawHttp2 client = new RawHttp2(server);
        client.post(1);
        client.data(1, 0, "before".getBytes(US_ASCII));
        assertThat(client.status(1)).isEqualTo("200");
        return client;
    }

    /** The request goes on after GOAWAY, and then the connection ends. */
    private static void finish(RawHttp2 client) throws IOException {
        ByteArrayOutputStream echo = new ByteArrayOutputStream();
        Frame goAway = client.await(GOAWAY, 0, before -> keep(before, echo));
        assertThat(goAway.number(0)).as("the last stream that is served").isEqualTo(1);
        assertThat(goAway.number(4)).as("no error").isZero();
        client.data(1, END_STREAM, "after".getBytes(US_ASCII));
        boolean complete = false;
        for (Frame frame = client.next(); frame != null; frame = client.next()) {
            keep(frame, echo);
            complete |= frame.is(DATA, 1) && (frame.flags() & END_STREAM) != 0;
        }
        assertThat(echo.toString(US_ASCII)).isEqualTo("beforeafter");
        assertThat(complete).as("the response has ended before the connection").isTrue();
    }

    private static void keep(Frame frame, ByteArrayOutputStream echo) {
        if (frame.is(DATA, 1)) {
            echo.writeBytes(frame.payload());
        }
    }

    @Test
    void comesWhenTheListenerDrains() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject());
                RawHttp2 client = begin(server)) {
            Future<Void> drained = server.listener().drain(Duration.ofSeconds(60));
            finish(client);
            drained.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
            assertThat(server.failures()).isEmpty();
        }
    }

    @Test
    void comesAtTheEndOfAConnectionsLifetime() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject().put("maxLifetimeMillis", 3_000));
                RawHttp2 client = begin(server)) {
            finish(client);
            assertThat(server.failures()).isEmpty();
        }
    }

    @Test
    void comesOnAConnectionWithoutRequestsToo() throws Exception {
        try (HttpServer server = HttpServer.listen(new JsonObject());
                RawHttp2 client = new RawHttp2(server)) {
            client.await(RawHttp2.SETTINGS, 0);
            Future<Void> drained = server.listener().drain(Duration.ofSeconds(60));
            assertThat(client.await(GOAWAY, 0).number(4)).isZero();
            assertThat(client.next()).as("the end").isNull();
            drained.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }
}
