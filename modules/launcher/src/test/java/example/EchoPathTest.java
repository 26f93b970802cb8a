package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.vecho.client.Check;
import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How a project of somebody else uses the check in its tests: plain JUnit 5, and what is public. */
class EchoPathTest {

    private static Vertx vertx;
    private static String target;

    /** Stands for what the project wants to check. */
    @BeforeAll
    static void startServer() throws Exception {
        vertx = Vertx.vertx();
        var server = vertx.createNetServer();
        // Small payloads only: see RATIONALE.md for what this textbook echo loses.
        server.connectHandler(socket -> socket.handler(socket::write).endHandler(end -> socket.end()));
        server.listen(0, "127.0.0.1").await(30, TimeUnit.SECONDS);
        target = "tcp://127.0.0.1:" + server.actualPort();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    @Test
    void everyByteComesBack() throws Exception {
        Report report = Check.once(vertx, target).await(30, TimeUnit.SECONDS);
        assertTrue(report.passed(), () -> String.valueOf(report.diagnosis()));
    }

    @Test
    void isFastEnoughForEachSize() throws Exception {
        Script script = Script.of(new JsonObject("""
                        { "matrix": { "sizes": [1, 1000], "connections": ["round", "kept"] },
                          "repeat": 20, "intervalMillis": 0, "budget": { "p90Millis": 5000 } }""").put("targets", target), Source.named("test"));
        Run run = Run.open(vertx, script).await(30, TimeUnit.SECONDS);
        RunReport report = run.play(RunListener.NONE).await(30, TimeUnit.SECONDS);
        assertEquals(4, report.cases().size());
        assertTrue(report.passed(), () -> report.toJson().encodePrettily());
    }

    @Test
    void sendsItsReportOverTheEventBus() throws Exception {
        Promise<JsonObject> published = Promise.promise();
        vertx.eventBus().<JsonObject>consumer("echo.report", message -> published.complete(message.body()));
        JsonObject script = new JsonObject()
                .put("targets", target)
                .put("matrix", new JsonObject().put("sizes", 100))
                .put("repeat", 3)
                .put("intervalMillis", 0)
                .put("reportAddress", "echo.report");
        vertx.deployVerticle("dev.vecho.client.EchoClientVerticle", new DeploymentOptions().setConfig(script))
                .await(30, TimeUnit.SECONDS);

        JsonObject report = published.future().await(30, TimeUnit.SECONDS);

        assertEquals("passed", report.getString("verdict"));
        JsonObject played = report.getJsonArray("cases").getJsonObject(0);
        assertEquals(target + " size=100", played.getString("name"));
        assertEquals(3, played.getJsonObject("summary").getInteger("passed"));
        assertEquals(300, played.getJsonObject("summary").getInteger("bytesReceived"));
    }
}
