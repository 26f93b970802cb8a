package dev.vecho.management;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.TransportException;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.server.EchoService.Outcome;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a listener does on purpose is changed while connections live. */
class FaultsTest {

    private static HttpResponse<String> patch(Managed service, String listener, String body) throws Exception {
        return service.send(service.request("/listeners/" + listener + "/faults")
                .header("Content-Type", "application/merge-patch+json")
                .method("PATCH", BodyPublishers.ofString(body.replace('\'', '"'))));
    }

    private static void echo(Socket client, String text) throws IOException {
        client.getOutputStream().write(text.getBytes(UTF_8));
        assertThat(client.getInputStream().readNBytes(text.length())).isEqualTo(text.getBytes(UTF_8));
    }

    private static JsonObject faulty(String faults) {
        return new JsonObject()
                .put("tcp", Managed.onAnyPort().put("faults", new JsonObject(faults.replace('\'', '"'))));
    }

    @Test
    void changesLivingConnections() throws Exception {
        try (Managed service = Managed.start(faulty("{}"));
                Socket client = service.connect("tcp")) {
            echo(client, "before");
            HttpResponse<String> changed = patch(service, "tcp", "{'toPeer': {'stallAfterBytes': 8}}");
            assertThat(changed.statusCode()).as(changed.body()).isEqualTo(200);
            assertThat(new JsonObject(changed.body()).getJsonObject("faults").encode())
                    .isEqualTo("{\"toPeer\":{\"stallAfterBytes\":8}}");
            client.getOutputStream().write("meanwhile".getBytes(UTF_8));
            // Of 6 and 9 bytes, 8 come back.
            assertThat(client.getInputStream().readNBytes(2)).isEqualTo("me".getBytes(UTF_8));
            assertThat(patch(service, "tcp", "{'toPeer': {'stallAfterBytes': null}}")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(client.getInputStream().readNBytes(7)).isEqualTo("anwhile".getBytes(UTF_8));
            assertThat(service.json("/listeners/tcp/faults").encode()).isEqualTo("{\"toPeer\":{}}");
            echo(client, "after");
            assertThat(service.json("/listeners")
                            .getJsonArray("listeners")
                            .getJsonObject(0)
                            .getJsonObject("faults")
                            .getLong("toPeer.stall"))
                    .isEqualTo(1);
            assertThat(service.get("/metrics").body())
                    .contains("vecho_faults_total{fault=\"toPeer.stall\",listener=\"tcp\",transport=\"tcp\"} 1.0");
        }
    }

    /** A connection of the check's, which outlives the changes. */
    private static final class Living implements Receiver {

        private final Context context;
        private final BlockingQueue<String> came = new LinkedBlockingQueue<>();
        private final ClientTransport transport;
        private final Connection connection;

        Living(Managed service, String listener, JsonObject options) {
            context = service.vertx().getOrCreateContext();
            String address = service.verticle().listeners().stream()
                    .filter(each -> each.name().equals(listener))
                    .flatMap(each -> each.addresses().stream())
                    .reduce((first, last) -> last)
                    .orElseThrow();
            Target target = Target.parse(address);
            Problems problems = new Problems();
            transport = Transports.load()
                    .ofScheme(target.scheme())
                    .orElseThrow()
                    .client(service.vertx(), target, Options.of(options, Source.named("test"), problems));
            problems.throwIfAny();
            connection = onContext(() -> transport.connect(this));
        }

        private <T> T onContext(Supplier<Future<T>> action) {
            Promise<T> done = Promise.promise();
            context.runOnContext(turn -> action.get().onComplete(done));
            return done.future().await();
        }

        void send(String text) {
            onContext(() -> connection.send(Buffer.buffer(text)));
        }

        /** The next so many bytes, however they are cut, or a message. */
        String next(int length) throws InterruptedException {
            StringBuilder all = new StringBuilder();
            while (all.length() < length) {
                String some = came.poll(30, TimeUnit.SECONDS);
                assertThat(some).as("more than %s", all).isNotNull();
                all.append(some);
            }
            return all.toString();
        }

        void close() {
            onContext(transport::close);
        }

        @Override
        public void received(Buffer bytes) {
            came.add(bytes.toString());
        }

        @Override
        public void ended() {
            came.add("<end>");
        }

        @Override
        public void failed(TransportException cause) {
            came.add("<failed: " + cause.getMessage() + ">");
        }
    }

    private static long faults(Managed service, String fault) throws Exception {
        return service.json("/listeners")
                .getJsonArray("listeners")
                .getJsonObject(0)
                .getJsonObject("faults", new JsonObject())
                .getLong(fault, 0L);
    }

    /** A request that is under way, a WebSocket and a stream of QUIC are what a connection of TCP is. */
    @ParameterizedTest
    @CsvSource({"http, false", "http, true", "quic, true"})
    void changesStreamsUnderWay(String transport, boolean encrypted) throws Exception {
        JsonObject listener = Managed.onAnyPort().put("transport", transport).put("faults", new JsonObject());
        if (encrypted) {
            listener.put("tls", new JsonObject().put("selfSigned", true));
        }
        JsonObject insecure = new JsonObject();
        if (encrypted) {
            insecure.put("tls", new JsonObject().put("insecure", true));
        }
        try (Managed service = Managed.start(new JsonObject().put("l", listener))) {
            Living client = new Living(service, "l", insecure);
            client.send("before");
            assertThat(client.next(6)).isEqualTo("before");
            assertThat(patch(service, "l", "{'toPeer': {'stallAfterBytes': 8}}").statusCode())
                    .isEqualTo(200);
            client.send("meanwhile");
            assertThat(client.next(2)).isEqualTo("me");
            assertThat(faults(service, "toPeer.stall")).isEqualTo(1);
            assertThat(patch(service, "l", "{'toPeer': {'stallAfterBytes': null}}")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(client.next(7)).isEqualTo("anwhile");
            client.send("after");
            assertThat(client.next(5)).isEqualTo("after");
            client.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "udp"})
    void changesWhereMessagesGo(String transport) throws Exception {
        JsonObject listener = Managed.onAnyPort().put("transport", transport).put("faults", new JsonObject());
        try (Managed service = Managed.start(new JsonObject().put("l", listener))) {
            Living client = new Living(service, "l", new JsonObject());
            client.send("before");
            assertThat(client.next(1)).isEqualTo("before");
            assertThat(patch(service, "l", "{'fromPeer': {'loss': {'rate': 1}}}")
                            .statusCode())
                    .isEqualTo(200);
            client.send("lost");
            for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30); faults(service, "fromPeer.loss") == 0; ) {
                assertThat(System.nanoTime()).isLessThan(end);
            }
            assertThat(patch(service, "l", "{'fromPeer': {'loss': null}, 'toPeer': {'truncate': {'bytes': 3}}}")
                            .statusCode())
                    .isEqualTo(200);
            client.send("after");
            assertThat(client.next(1)).isEqualTo("aft");
            client.close();
        }
    }

    @Test
    void refusesWhatIsWrongAndChangesNothing() throws Exception {
        try (Managed service = Managed.start(faulty("{'toPeer': {'latency': '1ms'}}"))) {
            HttpResponse<String> wrong =
                    patch(service, "tcp", "{'probability': -1, 'toPeer': {'loss': {'rate': 0.1}}}");
            assertThat(wrong.statusCode()).isEqualTo(422);
            assertThat(new JsonObject(wrong.body()).getJsonArray("problems"))
                    .containsExactlyInAnyOrder(
                            "management: listeners.tcp.faults.probability: must be 0..1, was -1",
                            "management: listeners.tcp.faults.toPeer.loss: has no meaning here: a stream has no messages");
            assertThat(service.json("/listeners/tcp/faults").encode()).isEqualTo("{\"toPeer\":{\"latency\":\"1ms\"}}");
            assertThat(service.verticle().reload().await().outcome()).isEqualTo(Outcome.UNCHANGED);
            assertThat(patch(service, "tcp", "[]").statusCode()).isEqualTo(400);
            assertThat(patch(service, "tcp", "{").statusCode()).isEqualTo(400);
            assertThat(patch(service, "udp", "{}").statusCode()).isEqualTo(404);
            assertThat(service.get("/listeners/udp/faults").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void lastsOverAReloadUntilItIsTakenBack() throws Exception {
        try (Managed service = Managed.start(faulty("{'toPeer': {'latency': '1ms'}}"))) {
            assertThat(patch(service, "tcp", "{'toPeer': {'latency': '2ms'}, 'probability': 0.5}")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(service.verticle().reload().await().outcome()).isEqualTo(Outcome.UNCHANGED);
            assertThat(service.json("/listeners/tcp/faults").encode())
                    .isEqualTo("{\"toPeer\":{\"latency\":\"2ms\"},\"probability\":0.5}");
            assertThat(service.json("/config")
                            .getJsonObject("listeners.tcp.faults.probability")
                            .getString("source"))
                    .isEqualTo("management");
            assertThat(service.send(service.request("/listeners/tcp/faults").DELETE())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(service.json("/listeners/tcp/faults").encode()).isEqualTo("{\"toPeer\":{\"latency\":\"1ms\"}}");
        }
    }

    @Test
    void givesFaultsToNewConnectionsOfAListenerThatHadNone() throws Exception {
        try (Managed service = Managed.start(Managed.tcp());
                Socket before = service.connect("tcp")) {
            echo(before, "before");
            assertThat(patch(service, "tcp", "{'toPeer': {'cut': {'afterBytes': 1, 'with': 'fin'}}}")
                            .statusCode())
                    .isEqualTo(200);
            try (Socket after = service.connect("tcp")) {
                after.getOutputStream().write("after".getBytes(UTF_8));
                assertThat(after.getInputStream().readAllBytes()).isEqualTo("a".getBytes(UTF_8));
            }
            echo(before, "it has none");
        }
    }
}
