package dev.vecho.management;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the service says of its health. */
@Timeout(180)
class HealthTest {

    @TempDir
    Path directory;

    private static JsonObject selfSigned() {
        return new JsonObject().put("selfSigned", true);
    }

    private static JsonObject listener(String transport) {
        return Managed.onAnyPort().put("transport", transport);
    }

    private static JsonObject addresses(JsonObject check) {
        return check.getJsonObject("data").getJsonArray("addresses").getJsonObject(0);
    }

    @Test
    void echoesThroughEachTransport() throws Exception {
        JsonObject listeners = new JsonObject()
                .put("tcp", listener("tcp"))
                .put("tls", listener("tcp").put("tls", selfSigned()))
                .put("old-tls", listener("tcp").put("tls", selfSigned().put("protocols", "TLSv1.2")))
                .put("proxy", listener("tcp").put("proxyProtocol", true))
                .put("proxy-tls", listener("tcp").put("proxyProtocol", true).put("tls", selfSigned()))
                .put("udp", listener("udp"))
                .put("http", listener("http"))
                .put("https", listener("http").put("tls", selfSigned()).put("http3", true))
                .put("ws", listener("websocket"))
                .put("quic", listener("quic").put("tls", selfSigned().put("alpn", "something")))
                .put("any", new JsonObject().put("host", "0.0.0.0").put("port", 0))
                .put(
                        "unix",
                        new JsonObject()
                                .put("transport", "unix")
                                .put("path", directory.resolve("s").toString()))
                .put("bus", new JsonObject().put("transport", "eventbus").put("address", "health.test"));
        try (Managed service = Managed.start(listeners)) {
            JsonObject health = new JsonObject(service.getUp("/health").body());
            assertThat(health.getString("outcome")).isEqualTo("UP");
            for (String name : listeners.fieldNames()) {
                JsonObject check = Managed.check(health, "listeners", name);
                assertThat(check.getString("status")).as(name).isEqualTo("UP");
                assertThat(check.getJsonObject("data").getJsonArray("addresses"))
                        .as(name)
                        .allSatisfy(each -> assertThat(((JsonObject) each).getString("checked"))
                                .isEqualTo("echo"));
            }
            JsonArray https = Managed.check(health, "listeners", "https")
                    .getJsonObject("data")
                    .getJsonArray("addresses");
            assertThat(https).as("https and h3").hasSize(2);
        }
    }

    @Test
    void saysWhereOnlyTheHandshakeCanBeChecked() throws Exception {
        Certificates certificates = new Certificates(directory);
        for (String transport : List.of("tcp", "quic")) {
            JsonObject listener = listener(transport)
                    .put(
                            "tls",
                            certificates
                                    .localhost()
                                    .options()
                                    .put("clientAuth", "required")
                                    .put("trust", certificates.authority().toString()));
            try (Managed service = Managed.start(new JsonObject().put("mutual", listener))) {
                JsonObject check =
                        Managed.check(new JsonObject(service.getUp("/health").body()), "listeners", "mutual");
                assertThat(addresses(check).getString("checked")).as(transport).isEqualTo("handshake");
            }
        }
    }

    @Test
    void isNotReadyWhereAListenerTakesNobody() throws Exception {
        try (Managed service =
                Managed.start(new JsonObject().put("full", listener("tcp").put("maxConnections", 1)))) {
            try (var first = service.connect("full")) {
                first.getOutputStream().write(1);
                assertThat(first.getInputStream().read()).isEqualTo(1);
                HttpResponse<String> ready = service.get("/health/ready");
                assertThat(ready.statusCode()).as(ready.body()).isEqualTo(503);
                JsonObject check = Managed.check(new JsonObject(ready.body()), "listeners", "full");
                assertThat(check.getString("status")).isEqualTo("DOWN");
                assertThat(addresses(check).getString("cause")).isNotEmpty();
                assertThat(service.get("/health/live").statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void asksAListenerOnceASecondHoweverOftenItIsAsked() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            long start = System.nanoTime();
            int asked = 0;
            for (; asked < 100; asked++) {
                assertThat(service.get("/health/ready").statusCode()).isEqualTo(200);
            }
            long seconds = (System.nanoTime() - start) / 1_000_000_000 + 2;
            assertThat(service.verticle()
                            .listeners()
                            .get(0)
                            .traffic()
                            .snapshot()
                            .accepted())
                    .isBetween(1L, seconds);
        }
    }

    @Test
    void tellsStrangersTheOutcomeAlone() throws Exception {
        try (Managed service = Managed.start(Managed.tcp(), new JsonObject().put("token", "secret"))) {
            for (String path : List.of("/health/live", "/health/ready")) {
                assertThat(service.json(path)).isEqualTo(new JsonObject().put("outcome", "UP"));
                HttpResponse<String> told =
                        service.send(service.request(path).header("Authorization", "Bearer secret"));
                assertThat(new JsonObject(told.body()).getJsonArray("checks")).isNotEmpty();
            }
            assertThat(service.get("/health").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void seesAnEventLoopThatIsStuck() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            // Not the one of the management listener, which is that of the verticle and the first.
            var loops = java.util.stream.StreamSupport.stream(
                            dev.vecho.core.VertxInternals.eventLoopsOf(service.vertx())
                                    .spliterator(),
                            false)
                    .toList();
            var release = new java.util.concurrent.CountDownLatch(1);
            var stuck = loops.get(loops.size() - 1);
            stuck.execute(() -> {
                try {
                    release.await(20, java.util.concurrent.TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            HttpResponse<String> live = service.get("/health/live");
            release.countDown();
            assertThat(live.statusCode()).as(live.body()).isEqualTo(503);
            JsonObject check =
                    Managed.check(new JsonObject(live.body()), "event-loops", Integer.toString(loops.size() - 1));
            assertThat(check.getString("status")).isEqualTo("DOWN");
        }
    }
}
