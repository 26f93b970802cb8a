package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.EchoService;
import dev.vecho.testkit.Ports;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A service with checks, from a file that may be changed. */
final class Watching implements AutoCloseable {

    private final Path directory;
    private final Vertx vertx = Vertx.vertx();
    private EchoServerVerticle service = new EchoServerVerticle();
    private String deployment = "";

    Watching(Path directory) {
        this.directory = directory;
    }

    static void until(BooleanSupplier done) {
        for (long end = System.nanoTime() + Duration.ofSeconds(60).toNanos(); !done.getAsBoolean(); ) {
            assertThat(System.nanoTime()).as("time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    Vertx vertx() {
        return vertx;
    }

    EchoServerVerticle service() {
        return service;
    }

    MonitoredCheck check(String name) {
        return service.section(Monitor.class).orElseThrow().check(name).orElseThrow();
    }

    /** Echoes at a port. */
    NetServer echo(int port) {
        return vertx.createNetServer()
                .connectHandler(socket -> {
                    socket.handler(socket::write);
                    socket.endHandler(end -> socket.end());
                })
                .listen(port, "127.0.0.1")
                .await();
    }

    /** A port at which nobody listens. */
    int closedPort() throws IOException {
        return Ports.free();
    }

    /** The configuration of a check of a port. */
    static JsonObject checkOf(int port) {
        return new JsonObject().put("targets", "tcp://127.0.0.1:" + port).put("everyMillis", 100);
    }

    private Path write(JsonObject sections) throws IOException {
        JsonObject configuration = new JsonObject()
                .put("drainMillis", 0)
                .put("configScanMillis", 0)
                .put(
                        "listeners",
                        new JsonObject()
                                .put(
                                        "tcp",
                                        new JsonObject()
                                                .put("host", "127.0.0.1")
                                                .put("port", 0)))
                .mergeIn(sections);
        return Files.writeString(directory.resolve("vecho.json"), configuration.encode());
    }

    void serve(JsonObject sections) throws IOException {
        service = new EchoServerVerticle(
                Configuration.load(vertx, List.of(write(sections))).await());
        deployment = vertx.deployVerticle(service).await();
    }

    void reload(JsonObject sections) throws IOException {
        write(sections);
        EchoService.Reload reload = service.reload().await();
        assertThat(reload.outcome()).as(reload.problems().toString()).isEqualTo(EchoService.Outcome.APPLIED);
    }

    void stop() {
        vertx.undeploy(deployment).await();
    }

    @Override
    public void close() {
        vertx.close().await();
    }
}
