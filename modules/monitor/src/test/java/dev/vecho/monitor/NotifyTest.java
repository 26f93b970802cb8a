package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.EchoService;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service that tells people what its checks find. */
@Timeout(90)
class NotifyTest {

    @TempDir
    Path directory;

    private Vertx vertx;
    private EchoServerVerticle service = new EchoServerVerticle();
    private String deployment = "";
    private Queue<JsonObject> told;
    private HttpServer people;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        told = new ConcurrentLinkedQueue<>();
        people = vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    body.toJsonArray().forEach(each -> told.add((JsonObject) each));
                    request.response().end();
                }))
                .listen(0, "127.0.0.1")
                .await();
    }

    @AfterEach
    void stop() {
        vertx.close().await();
    }

    private static void until(BooleanSupplier done) {
        for (long end = System.nanoTime() + Duration.ofSeconds(60).toNanos(); !done.getAsBoolean(); ) {
            assertThat(System.nanoTime()).as("time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private NetServer echo(int port) {
        return vertx.createNetServer()
                .connectHandler(socket -> {
                    socket.handler(socket::write);
                    socket.endHandler(end -> socket.end());
                })
                .listen(port, "127.0.0.1")
                .await();
    }

    private JsonObject receiver() {
        return new JsonObject()
                .put("url", "http://127.0.0.1:" + people.actualPort() + "/hook?token=hidden")
                .put("holdMillis", 0);
    }

    private static JsonObject check(int port) {
        return new JsonObject().put("targets", "tcp://127.0.0.1:" + port).put("everyMillis", 100);
    }

    private Path write(JsonObject checks, JsonObject notify) throws IOException {
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
                .put("checks", checks)
                .put("notify", notify);
        return Files.writeString(directory.resolve("vecho.json"), configuration.encode());
    }

    private void serve(JsonObject checks, JsonObject notify) throws IOException {
        Path file = write(checks, notify);
        service =
                new EchoServerVerticle(Configuration.load(vertx, List.of(file)).await());
        deployment = vertx.deployVerticle(service).await();
    }

    private void reload(JsonObject checks, JsonObject notify) throws IOException {
        write(checks, notify);
        EchoService.Reload reload = service.reload().await();
        assertThat(reload.outcome()).as(reload.problems().toString()).isEqualTo(EchoService.Outcome.APPLIED);
    }

    private Stream<String> tellings() {
        return told.stream()
                .map(each -> each.getString("check") + " " + each.getString("from") + " " + each.getString("to"));
    }

    @Test
    void tellsWhatBreaksAndHeals() throws Exception {
        NetServer server = echo(0);
        int port = server.actualPort();
        serve(
                new JsonObject().put("a", check(port)).put("well", check(echo(0).actualPort())),
                new JsonObject().put("people", receiver()));
        Monitor monitor = service.section(Monitor.class).orElseThrow();
        until(() -> monitor.checks().stream().allMatch(check -> check.state() == State.OK));
        server.close().await();
        until(() -> told.size() == 1);
        echo(port);
        until(() -> told.size() == 2);
        assertThat(tellings()).containsExactly("a ok failing", "a failing ok");
        assertThat(told.element().getString("case")).isEqualTo("tcp://127.0.0.1:" + port);
        assertThat(service.configuration().toString()).doesNotContain("hidden");
        assertThat(service.sectionNotes().get("notify")).containsExactly("1 receiver");
    }

    /** A check that is taken away while it is failing is not failing any more; one that was changed may well be. */
    @Test
    void followsAReload() throws Exception {
        NetServer closed = echo(0);
        int port = closed.actualPort();
        closed.close().await();
        JsonObject first = new JsonObject().put("people", receiver());
        serve(new JsonObject().put("a", check(port)).put("b", check(port)), first);
        until(() -> told.size() == 2);
        reload(new JsonObject().put("b", check(port).put("everyMillis", 150)), first);
        until(() -> told.size() == 3);
        assertThat(tellings().skip(2)).containsExactly("a failing unknown");
        MonitoredCheck changed =
                service.section(Monitor.class).orElseThrow().check("b").orElseThrow();
        until(() -> changed.state() == State.FAILING);
        assertThat(told).hasSize(3);
        // Who is new is told what is failing, and nobody else is told it again.
        reload(
                new JsonObject().put("b", check(port).put("everyMillis", 150)),
                first.copy().put("others", receiver().put("holdMillis", 1)));
        until(() -> told.size() == 4);
        assertThat(tellings().skip(3)).containsExactly("b unknown failing");
        // Nor is anybody told who is a receiver no more.
        reload(new JsonObject(), first);
        until(() -> told.size() == 5);
        assertThat(tellings().skip(4)).containsExactly("b failing unknown");
    }

    /** What the checks find just before the service stops is told. */
    @Test
    void tellsWhatIsQueuedWhenTheServiceStops() throws Exception {
        NetServer closed = echo(0);
        int port = closed.actualPort();
        closed.close().await();
        serve(new JsonObject().put("a", check(port)), new JsonObject().put("people", receiver()));
        Monitor monitor = service.section(Monitor.class).orElseThrow();
        until(() -> monitor.check("a").orElseThrow().state() == State.FAILING);
        vertx.undeploy(deployment).await();
        assertThat(tellings()).containsExactly("a unknown failing");
    }
}
