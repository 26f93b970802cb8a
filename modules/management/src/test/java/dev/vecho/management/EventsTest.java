package dev.vecho.management;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the service tells of itself each second. */
@Timeout(120)
class EventsTest {

    /** One that listens, on a socket of its own. */
    private static final class Reader implements AutoCloseable {

        final Socket socket;
        final BufferedReader lines;
        final String status;

        Reader(Managed service, String... headers) throws IOException {
            socket = new Socket("127.0.0.1", service.port());
            socket.setSoTimeout(30_000);
            String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
            socket.getOutputStream()
                    .write(("GET /events HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n").getBytes(US_ASCII));
            lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            status = lines.readLine();
        }

        /** The data of the next event of a name. */
        JsonObject next(String event) throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.equals("event: " + event)) {
                    return new JsonObject(lines.readLine().substring("data: ".length()));
                }
            }
            throw new IOException("the stream has ended");
        }

        JsonObject snapshot(Predicate<JsonObject> condition) throws IOException {
            JsonObject last = new JsonObject();
            for (long end = System.nanoTime() + Duration.ofSeconds(30).toNanos(); System.nanoTime() < end; ) {
                last = next("snapshot");
                if (condition.test(last)) {
                    return last;
                }
            }
            throw new AssertionError(last.encodePrettily());
        }

        /** Reads until the end. */
        String rest() throws IOException {
            StringBuilder all = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                all.append(line).append('\n');
            }
            return all.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static JsonObject listener(JsonObject snapshot) {
        return snapshot.getJsonArray("listeners").getJsonObject(0);
    }

    @Test
    void tellsOfListenersAndHealth() throws Exception {
        try (Managed service = Managed.start(Managed.tcp());
                Reader reader = new Reader(service);
                Socket socket = service.connect("tcp")) {
            assertThat(reader.status).isEqualTo("HTTP/1.1 200 OK");
            assertThat(reader.next("history").getJsonObject("listeners")).isNotNull();
            socket.getOutputStream().write("hello".getBytes(UTF_8));
            socket.getInputStream().readNBytes(5);
            JsonObject checked =
                    reader.snapshot(each -> each.getJsonObject("health").containsKey("listeners/tcp"));
            JsonObject known = checked.getJsonObject("health").getJsonObject("listeners/tcp");
            assertThat(known.getBoolean("up")).isTrue();
            assertThat(Instant.parse(known.getString("since"))).isBefore(Instant.now());
            assertThat(checked.getString("state")).isEqualTo("READY");
            JsonObject tcp = listener(checked);
            assertThat(tcp.getString("name")).isEqualTo("tcp");
            assertThat(tcp.getJsonArray("addresses").getString(0)).startsWith("tcp://127.0.0.1:");
            assertThat(tcp.getInteger("active")).isPositive();
        }
    }

    @Test
    void tellsWhatASecondBroughtAndKeepsIt() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            try (Reader reader = new Reader(service);
                    Socket socket = service.connect("tcp")) {
                reader.next("snapshot");
                socket.getOutputStream().write(new byte[1000]);
                socket.getInputStream().readNBytes(1000);
                JsonObject busy = reader.snapshot(
                        each -> listener(each).getJsonArray("second").getLong(3) >= 1000);
                assertThat(listener(busy).getJsonArray("second").getLong(4)).isGreaterThanOrEqualTo(1000);
            }
            try (Reader late = new Reader(service)) {
                JsonArray seconds =
                        late.next("history").getJsonObject("listeners").getJsonArray("tcp");
                assertThat(seconds.stream().anyMatch(each -> ((JsonArray) each).getLong(3) >= 1000))
                        .as(seconds.encode())
                        .isTrue();
            }
        }
    }

    @Test
    void tellsSinceWhenAListenerIsDown() throws Exception {
        JsonObject full = Managed.onAnyPort().put("maxConnections", 1);
        try (Managed service = Managed.start(new JsonObject().put("tcp", full));
                Reader reader = new Reader(service)) {
            Predicate<JsonObject> up = each -> {
                JsonObject known = each.getJsonObject("health").getJsonObject("listeners/tcp");
                return known != null && known.getBoolean("up");
            };
            reader.snapshot(up);
            // It takes the only place as soon as the check has left it.
            Socket taken = takePlace(service);
            try (taken) {
                JsonObject down = reader.snapshot(up.negate());
                JsonObject known = down.getJsonObject("health").getJsonObject("listeners/tcp");
                assertThat(Instant.parse(known.getString("before"))).isBefore(Instant.parse(known.getString("since")));
                assertThat(listener(down).containsKey("lastRefusal")).isTrue();
            }
            JsonObject again = reader.snapshot(up);
            assertThat(again.getJsonObject("health")
                            .getJsonObject("listeners/tcp")
                            .containsKey("before"))
                    .isTrue();
        }
    }

    private static Socket takePlace(Managed service) throws IOException {
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos(); System.nanoTime() < end; ) {
            Socket socket = service.connect("tcp");
            try {
                socket.getOutputStream().write(1);
                if (socket.getInputStream().read() == 1) {
                    return socket;
                }
            } catch (IOException refused) {
                // Another try.
            }
            socket.close();
        }
        throw new AssertionError("the place is never free");
    }

    @Test
    void wantsTheTokenAndAgainWhenThatChanges() throws Exception {
        try (Managed service = Managed.start(Managed.tcp(), new JsonObject().put("token", "open-sesame"))) {
            try (Reader stranger = new Reader(service)) {
                assertThat(stranger.status).contains("401");
            }
            try (Reader known = new Reader(service, "Authorization: Bearer open-sesame")) {
                assertThat(known.status).contains("200");
                known.next("snapshot");
            }
        }
    }

    @Test
    void takesSoManyAndNoMore() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            List<Reader> readers = new ArrayList<>();
            try {
                for (int i = 0; i < Events.MAX_READERS; i++) {
                    Reader reader = new Reader(service);
                    assertThat(reader.status).contains("200");
                    readers.add(reader);
                }
                HttpResponse<String> refused = service.get("/events");
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.headers().firstValue("Retry-After")).isPresent();
                assertThat(service.send(service.request("/events").method("HEAD", BodyPublishers.noBody()))
                                .statusCode())
                        .isEqualTo(503);
                readers.get(0).close();
                Reader next;
                do {
                    next = new Reader(service);
                    readers.add(next);
                } while (!next.status.contains("200"));
            } finally {
                for (Reader reader : readers) {
                    reader.close();
                }
            }
        }
    }

    /** More than the system's queues take of a client that does not read. */
    private static final int MANY = 40_000;

    @Test
    void leavesOutWhatASlowReaderDoesNotTake() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            Context loop = service.vertx().getOrCreateContext();
            Events events = new Events(
                    service.vertx(), service.verticle(), new Health(service.vertx(), service.verticle(), () -> 1));
            AtomicReference<HttpServerResponse> slow = new AtomicReference<>();
            HttpServer server = service.vertx().createHttpServer().requestHandler(request -> {
                slow.set(request.response().setChunked(true));
                Objects.requireNonNull(events.answer().stream()).accept(request.response());
            });
            Future<HttpServer> listening = on(loop, () -> server.listen(0, "127.0.0.1"));
            try (Socket socket = new Socket()) {
                socket.setReceiveBufferSize(4096);
                socket.connect(
                        new InetSocketAddress("127.0.0.1", listening.await().actualPort()));
                socket.setSoTimeout(30_000);
                socket.getOutputStream()
                        .write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(US_ASCII));
                BufferedReader lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
                assertThat(lines.readLine()).contains("200");
                on(loop, () -> {
                            for (int i = 0; i < MANY; i++) {
                                events.tick();
                            }
                            return Future.succeededFuture();
                        })
                        .await();
                assertThat(Objects.requireNonNull(slow.get()).writeQueueFull()).isTrue();
                on(loop, () -> {
                    events.stop();
                    return Future.succeededFuture();
                });
                assertThat(lines.lines()
                                .filter(line -> line.startsWith("event: snapshot"))
                                .count())
                        .isBetween(1L, MANY - 1L);
            }
        }
    }

    private static <T> Future<T> on(Context loop, Supplier<Future<T>> work) {
        Promise<T> done = Promise.promise();
        loop.runOnContext(here -> work.get().onComplete(done));
        return done.future();
    }

    @Test
    void endsWhenTheServiceStops() throws Exception {
        Managed service = Managed.start(Managed.tcp());
        try (service;
                Reader reader = new Reader(service)) {
            reader.next("snapshot");
            service.close();
            // The last chunk of the body, so that a client sees an end and no breach.
            assertThat(reader.rest()).endsWith("0\n\n");
        }
    }
}
