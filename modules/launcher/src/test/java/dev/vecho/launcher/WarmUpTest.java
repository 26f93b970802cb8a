package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.testkit.Certificates;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Before a service says that it is ready it plays each of its transports against itself, on sockets that no client knows. */
@ExtendWith(VertxExtension.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class WarmUpTest {

    @Test
    void playsEachTransportOnceWithItsCertificates(Vertx vertx, @TempDir Path directory) throws Exception {
        new Certificates(directory).localhost();
        JsonObject files = new JsonObject().put("certificate", "localhost.pem").put("key", "localhost.key");
        JsonObject onAnyPort = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        JsonObject strict =
                onAnyPort.copy().put("allow", new JsonArray().add("10.0.0.0/8")).put("maxConnections", 1);
        JsonObject listeners = new JsonObject()
                .put("tcp", strict)
                .put("again", onAnyPort.copy().put("idleTimeoutMillis", 1))
                .put("tls", strict.copy().put("tls", files.copy().put("clientAuth", "none")))
                .put("udp", onAnyPort.copy().put("transport", "udp").put("allow", new JsonArray().add("10.0.0.0/8")))
                .put("http", onAnyPort.copy().put("transport", "http"))
                .put("quic", onAnyPort.copy().put("transport", "quic").put("tls", files))
                .put("bus", new JsonObject().put("transport", "eventbus").put("address", "echo"));
        Path file = Files.writeString(
                directory.resolve("vecho.json"),
                new JsonObject().put("listeners", listeners).encode());
        EchoServerVerticle service =
                new EchoServerVerticle(Configuration.load(vertx, List.of(file)).await());
        vertx.deployVerticle(service).await();

        assertThat(WarmUp.like(service.configuration()))
                .extracting(each -> each.getString("transport"), each -> each.containsKey("tls"))
                .containsExactlyInAnyOrder(
                        tuple("tcp", false),
                        tuple("tcp", true),
                        tuple("udp", false),
                        tuple("http", false),
                        tuple("quic", true));
        // On a busy machine the first connection of all transports at once may take too long.
        long passed = 0;
        for (int i = 0; i < 5 && passed < 5; i++) {
            passed = WarmUp.play(vertx, WarmUp.like(service.configuration())).await();
        }
        assertThat(passed).as("addresses that echoed").isEqualTo(5);
        assertThat(service.listeners())
                .allSatisfy(listener -> assertThat(listener.traffic().snapshot().accepted())
                        .as(listener.name())
                        .isZero());
    }
}
