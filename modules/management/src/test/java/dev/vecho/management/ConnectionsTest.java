package dev.vecho.management;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.OpenConnection;
import dev.vecho.core.OpenConnections;
import dev.vecho.testkit.Certificates;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the service tells of its open connections. */
@Timeout(180)
class ConnectionsTest {

    @TempDir
    Path directory;

    private static List<JsonObject> connections(Managed service, String query) throws Exception {
        JsonArray all = service.json("/connections" + query).getJsonArray("connections");
        return all.stream().map(JsonObject.class::cast).toList();
    }

    private static void echo(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
        assertThat(new String(socket.getInputStream().readNBytes(text.length()), UTF_8))
                .isEqualTo(text);
    }

    /** Asks until the only connection is as it should be. */
    private static JsonObject eventually(Managed service, Predicate<JsonObject> condition) throws Exception {
        JsonObject seen = new JsonObject();
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos(); System.nanoTime() < end; ) {
            List<JsonObject> all = connections(service, "");
            if (all.size() == 1) {
                seen = all.get(0);
                if (condition.test(seen)) {
                    return seen;
                }
            }
        }
        throw new AssertionError("the connection is " + seen.encodePrettily());
    }

    @Test
    void tellsWhatAConnectionDoes() throws Exception {
        try (Managed service = Managed.start(Managed.tcp());
                Socket socket = service.connect("tcp")) {
            echo(socket, "hello");
            JsonObject seen = eventually(service, each -> each.getLong("sentBytes") == 5);
            assertThat(seen.getString("listener")).isEqualTo("tcp");
            assertThat(seen.getString("state")).isEqualTo("open");
            assertThat(seen.getString("remote")).isEqualTo("127.0.0.1:" + socket.getLocalPort());
            assertThat(seen.getString("local")).isEqualTo("127.0.0.1:" + socket.getPort());
            assertThat(seen.getLong("receivedBytes")).isEqualTo(5);
            assertThat(seen.getLong("waitingBytes")).isZero();
            assertThat(seen.getLong("ageMillis")).isBetween(0L, 60_000L);
            assertThat(seen.containsKey("tls")).isFalse();
            if (System.getProperty("os.name").equals("Linux")) {
                assertThat(seen.getLong("idleMillis")).isBetween(0L, 60_000L);
                assertThat(seen.getJsonObject("path").getLong("rttMicros")).isPositive();
                assertThat(seen.getJsonObject("path").getLong("pathMtu")).isPositive();
            }
            assertThat(service.json("/connections/" + seen.getString("id")).getString("remote"))
                    .isEqualTo(seen.getString("remote"));
        }
    }

    @Test
    void tellsWhatWaitsAndSinceWhenAHalfIsClosed() throws Exception {
        try (Managed service = Managed.start(Managed.tcp());
                Socket socket = service.connect("tcp")) {
            // Bit by bit, until the service has something that the client, which does not read, has no room for.
            long written = 0;
            while (connections(service, "?minWaitingBytes=1").isEmpty()) {
                socket.getOutputStream().write(new byte[1 << 14]);
                written += 1 << 14;
            }
            socket.shutdownOutput();
            JsonObject half =
                    eventually(service, each -> each.getString("state").equals("half-closed"));
            assertThat(half.getLong("receivedBytes")).isEqualTo(written);
            assertThat(half.getLong("waitingBytes")).isBetween(1L, written);
            assertThat(half.getLong("sentBytes")).isLessThan(written);
            assertThat(half.getString("inStateSince")).isNotEmpty();
            assertThat(connections(service, "?state=half-closed")).hasSize(1);
            assertThat(connections(service, "?state=open")).isEmpty();
            assertThat(socket.getInputStream().readAllBytes()).hasSize((int) written);
        }
    }

    @Test
    void tellsOfTlsAndOfTheClientBehindAProxy() throws Exception {
        Certificates certificates = new Certificates(directory);
        JsonObject listeners = new JsonObject()
                .put(
                        "tls",
                        Managed.onAnyPort()
                                .put("proxyProtocol", true)
                                .put("tls", certificates.localhost().options()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {certificates.trustManager()}, null);
        try (Managed service = Managed.start(listeners);
                Socket plain = service.connect("tls")) {
            plain.getOutputStream().write("PROXY TCP4 192.0.2.7 192.0.2.1 1234 443\r\n".getBytes(UTF_8));
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName("localhost")));
            socket.setSSLParameters(parameters);
            echo(socket, "over TLS");
            JsonObject seen = eventually(service, each -> each.getLong("sentBytes") == 8);
            assertThat(seen.getString("client")).isEqualTo("192.0.2.7:1234");
            assertThat(seen.getJsonObject("tls").getString("version")).isEqualTo("TLSv1.3");
            assertThat(seen.getJsonObject("tls").getString("cipherSuite")).startsWith("TLS_");
            assertThat(connections(service, "?peer=192.0.2.7")).hasSize(1);
            assertThat(connections(service, "?peer=127.0.0.1")).hasSize(1);
            assertThat(connections(service, "?peer=192.0.2.70")).isEmpty();
            socket.close();
        }
    }

    @Test
    void closesAConnection() throws Exception {
        try (Managed service = Managed.start(Managed.tcp());
                Socket socket = service.connect("tcp")) {
            echo(socket, "x");
            String path = "/connections/" + connections(service, "").get(0).getString("id");
            HttpResponse<String> closed = service.send(service.request(path).method("DELETE", BodyPublishers.noBody()));
            assertThat(closed.statusCode()).isEqualTo(204);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            until(() ->
                    service.verticle().listeners().get(0).traffic().snapshot().active() == 0);
            for (String gone : List.of(path, "/connections/tcp.0.0.77", "/connections/tcp.9.0.0", "/connections/x")) {
                assertThat(service.send(service.request(gone).method("DELETE", BodyPublishers.noBody()))
                                .statusCode())
                        .as(gone)
                        .isEqualTo(404);
                assertThat(service.get(gone).statusCode()).as(gone).isEqualTo(404);
            }
        }
    }

    private static void until(BooleanSupplier condition) {
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos(); System.nanoTime() < end; ) {
            if (condition.getAsBoolean()) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("not in time");
    }

    @Test
    void goesFromPageToPageWhileConnectionsComeAndGo() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        JsonObject listeners = new JsonObject().put("a", Managed.onAnyPort()).put("b", Managed.onAnyPort());
        try (Managed service = Managed.start(listeners)) {
            for (int i = 0; i < 100; i++) {
                sockets.add(service.connect(i % 2 == 0 ? "a" : "b"));
                echo(sockets.get(i), "x");
            }
            List<String> seen = new ArrayList<>();
            String cursor = "";
            for (int page = 0; cursor != null; page++) {
                JsonObject got = service.json("/connections?limit=7" + cursor);
                assertThat(got.getJsonArray("connections").size()).isLessThanOrEqualTo(7);
                got.getJsonArray("connections").forEach(each -> seen.add(((JsonObject) each).getString("remote")));
                cursor = got.containsKey("next") ? "&cursor=" + got.getString("next") : null;
                if (page < 25) {
                    sockets.get(2 * page).close();
                }
            }
            assertThat(seen).doesNotHaveDuplicates();
            for (int i = 51; i < 100; i += 2) {
                assertThat(seen).contains("127.0.0.1:" + sockets.get(i).getLocalPort());
            }
            assertThat(connections(service, "?listener=b&limit=1000")).hasSize(50);
            assertThat(connections(service, "?minAgeMillis=1000000")).isEmpty();
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void saysWhichParameterIsWrong() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            for (String query : List.of("limit=0", "limit=1001", "limit=x", "cursor=x", "state=shut", "sort=age")) {
                HttpResponse<String> response = service.get("/connections?" + query);
                assertThat(response.statusCode()).as(query).isEqualTo(400);
                assertThat(new JsonObject(response.body()).getString("detail"))
                        .startsWith(query.substring(0, query.indexOf('=')) + ": ");
            }
        }
    }

    @Test
    void keepsSlotsApart() {
        OpenConnections connections = new OpenConnections();
        List<OpenConnection> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(new Nobody());
            assertThat(connections.add(all.get(i))).isEqualTo(i);
        }
        int use = connections.use(3);
        connections.remove(3);
        connections.remove(50);
        assertThat(connections.at(3)).isNull();
        OpenConnection next = new Nobody();
        int slot = connections.add(next);
        assertThat(slot).isEqualTo(50);
        assertThat(connections.at(slot)).isSameAs(next);
        assertThat(connections.add(new Nobody())).isEqualTo(3);
        assertThat(connections.use(3)).isNotEqualTo(use);
        assertThat(connections.add(new Nobody())).isEqualTo(100);
        assertThat(connections.end()).isEqualTo(101);
        assertThat(connections.at(-1)).isNull();
        assertThat(connections.at(101)).isNull();
    }

    private static final class Nobody implements OpenConnection {

        @Override
        public Facts facts() {
            return new Facts("", "", null, Stage.OPEN, Duration.ZERO, null, null, 0, 0, 0);
        }

        @Override
        public void close() {}
    }
}
