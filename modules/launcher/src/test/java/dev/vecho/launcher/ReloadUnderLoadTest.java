package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Traffic;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.server.OpenListener;
import dev.vecho.testkit.Certificates;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Connections of several transports, on all of which every byte is compared, live through reloads that change certificates, limits,
 * ports and transports, and add and remove listeners. With {@code -Dvecho.reload=full} there are 1,000 connections and 100 reloads.
 */
@Timeout(900)
class ReloadUnderLoadTest {

    /** Cleared, for the service takes properties that begin so for its own. */
    private static final boolean FULL = "full".equals(System.clearProperty("vecho.reload"));

    private static final int CONNECTIONS = FULL ? 1000 : 100;
    private static final int RELOADS = FULL ? 100 : 20;

    /** About ten thousand blocks a second, all together. */
    private static final long PAUSE_MILLIS = CONNECTIONS / 10;

    private static final int PATIENCE_SECONDS = 120;

    /** The listeners that stay, with the scheme that they are reached by. */
    private static final Map<String, String> STAYING =
            new TreeMap<>(Map.of("tcp", "tcp", "tls", "tls", "web", "https", "ws", "wss", "quic", "quic"));

    @TempDir
    Path directory;

    private final Vertx vertx = Launch.vertx(Io.AUTO);
    private final Vertx clients = Launch.vertx(Io.AUTO);
    private Certificates certificates;
    private Certificates.Issued ec;
    private Certificates.Issued rsa;
    private EchoServerVerticle service;

    /** Of listeners that stay. */
    private final List<Echoing> connections = new ArrayList<>();

    /** Of listeners that drain soon, which ends those that are quiet for a second, as they are where the machine is busy. */
    private final List<Echoing> moved = new ArrayList<>();

    @BeforeEach
    void serve() throws Exception {
        certificates = new Certificates(directory);
        ec = certificates.localhost();
        rsa = certificates.localhostRsa();
        service = new EchoServerVerticle(await(Configuration.load(vertx, List.of(write(0)))));
        await(vertx.deployVerticle(service));
    }

    @AfterEach
    void stop() throws Exception {
        await(clients.close());
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private JsonObject configuration(int number) {
        JsonObject tls = number % 2 == 0 ? ec.options() : rsa.options();
        JsonObject listeners = new JsonObject()
                .put("tcp", any("tcp").put("idleTimeoutMillis", 600_000 + number))
                .put("tls", any("tcp").put("tls", tls))
                .put("web", any("http").put("tls", tls).put("maxStreams", 100 + number))
                .put("ws", any("websocket").put("tls", tls).put("writeQueueBytes", 65_536 + number))
                .put("quic", any("quic").put("tls", tls).put("maxStreams", 100 + number / 10))
                // It moves, since its host is another one, and changes its transport from time to time.
                .put("moving", any(number % 4 < 2 ? "tcp" : "http").put("host", "127.0.0." + (2 + number % 3)))
                .put("added" + number, any("tcp"));
        return new JsonObject()
                .put("configScanMillis", 0)
                .put("drainMillis", 3_600_000)
                .put("listeners", listeners);
    }

    private static JsonObject any(String transport) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("maxConnections", 100_000);
    }

    private Path write(int number) throws IOException {
        return Files.writeString(
                directory.resolve("vecho.json"), configuration(number).encode());
    }

    private void connect(String listener, String scheme, int count) throws Exception {
        OpenListener open = service.listeners().stream()
                .filter(each -> each.name().equals(listener))
                .findFirst()
                .orElseThrow();
        String address = open.addresses().stream()
                .filter(each -> each.startsWith(scheme + ":"))
                .findFirst()
                .orElseThrow();
        JsonObject trust = new JsonObject();
        if (!List.of("tcp", "http").contains(scheme)) {
            trust.put(
                    "tls",
                    new JsonObject().put("trust", certificates.authority().toString()));
        }
        List<Future<Echoing>> opening = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            opening.add(Echoing.open(clients, address, trust, PAUSE_MILLIS));
            if (opening.size() % 20 == 0) {
                await(Future.all(opening));
            }
        }
        await(Future.all(opening));
        List<Echoing> all = STAYING.containsKey(listener) ? connections : moved;
        opening.forEach(each -> all.add(each.result()));
    }

    @Test
    void losesNoByteAndNoConnection() throws Exception {
        for (Map.Entry<String, String> staying : STAYING.entrySet()) {
            connect(staying.getKey(), staying.getValue(), CONNECTIONS / STAYING.size());
        }
        List<Traffic> counters = new ArrayList<>();
        for (int number = 1; number <= RELOADS; number++) {
            write(number);
            Reload reload = await(service.reload());
            assertThat(reload.problems()).isEmpty();
            assertThat(reload.outcome()).isEqualTo(Outcome.APPLIED);
            for (Map.Entry<String, String> staying : STAYING.entrySet()) {
                connect(staying.getKey(), staying.getValue(), 1);
            }
            connect("moving", number % 4 < 2 ? "tcp" : "http", 1);
            service.listeners().forEach(listener -> counters.add(listener.traffic()));
            awaitEchoes();
        }
        awaitEchoes();
        // Before they are closed, some in the middle of a request.
        for (Traffic traffic : counters) {
            assertThat(traffic.failures()).isEmpty();
            assertThat(traffic.refusals()).isEmpty();
            assertThat(traffic.snapshot().failed()).isZero();
        }
        for (List<Echoing> all : List.of(connections, moved)) {
            await(Future.all(all.stream().map(Echoing::stop).toList()));
            assertThat(all).extracting(Echoing::fault).containsOnlyNulls();
        }
        assertThat(connections).hasSize(CONNECTIONS + RELOADS * STAYING.size());
        assertThat(connections).noneMatch(Echoing::isEnded);
        assertThat(moved).hasSize(RELOADS);
    }

    /** On every connection, of something that was sent after this was called. */
    private void awaitEchoes() throws Exception {
        List<Long> before = connections.stream().map(Echoing::received).toList();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        for (int i = 0; i < before.size(); i++) {
            Echoing connection = connections.get(i);
            while (connection.received() < before.get(i) + 2000
                    && !connection.isEnded()
                    && connection.fault() == null) {
                assertThat(System.nanoTime()).as("an echo on connection " + i).isLessThan(end);
                TimeUnit.MILLISECONDS.sleep(1);
            }
            assertThat(connection.fault()).as("connection " + i).isNull();
        }
    }
}
