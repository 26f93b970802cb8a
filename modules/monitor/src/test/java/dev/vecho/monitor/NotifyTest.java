package dev.vecho.monitor;

import static dev.vecho.monitor.Watching.checkOf;
import static dev.vecho.monitor.Watching.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Ports;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service that tells people what its checks find. */
@Timeout(180)
class NotifyTest {

    @TempDir
    Path directory;

    private Watching watching;
    private Queue<JsonObject> told;
    private HttpServer people;

    @BeforeEach
    void start() {
        watching = new Watching(directory);
        told = new ConcurrentLinkedQueue<>();
        people = watching.vertx()
                .createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    body.toJsonArray().forEach(each -> told.add((JsonObject) each));
                    request.response().end();
                }))
                .listen(0, "127.0.0.1")
                .await();
    }

    @AfterEach
    void stop() {
        watching.close();
    }

    private JsonObject receiver() {
        return new JsonObject()
                .put("url", "http://127.0.0.1:" + people.actualPort() + "/hook?token=hidden")
                .put("holdMillis", 0);
    }

    private static JsonObject sections(JsonObject checks, JsonObject notify) {
        return new JsonObject().put("checks", checks).put("notify", notify);
    }

    private Stream<String> tellings() {
        return told.stream()
                .map(each -> each.getString("check") + " " + each.getString("from") + " " + each.getString("to"));
    }

    @Test
    void tellsWhatBreaksAndHeals() throws Exception {
        int port = Ports.free();
        NetServer server = watching.echo(port);
        JsonObject well = checkOf(watching.echo(0).actualPort());
        watching.serve(sections(
                new JsonObject().put("a", checkOf(port)).put("well", well),
                new JsonObject().put("people", receiver())));
        until(() -> watching.check("a").state() == State.OK
                && watching.check("well").state() == State.OK);
        server.close().await();
        until(() -> told.size() == 1);
        watching.echo(port);
        until(() -> told.size() == 2);
        assertThat(tellings()).containsExactly("a ok failing", "a failing ok");
        assertThat(told.element().getString("case")).isEqualTo("tcp://127.0.0.1:" + port);
        assertThat(watching.service().configuration().toString()).doesNotContain("hidden");
        assertThat(watching.service().sectionNotes().get("notify")).containsExactly("1 receiver");
    }

    /** A check that is taken away while it is failing is not failing any more; one that was changed may well be. */
    @Test
    void followsAReload() throws Exception {
        int port = watching.closedPort();
        JsonObject first = new JsonObject().put("people", receiver());
        watching.serve(sections(new JsonObject().put("a", checkOf(port)).put("b", checkOf(port)), first));
        until(() -> told.size() == 2);
        JsonObject changed = new JsonObject().put("b", checkOf(port).put("everyMillis", 150));
        watching.reload(sections(changed, first));
        until(() -> told.size() == 3);
        assertThat(tellings().skip(2)).containsExactly("a failing unknown");
        until(() -> watching.check("b").state() == State.FAILING);
        assertThat(told).hasSize(3);
        // Who is new is told what is failing, and nobody else is told it again.
        watching.reload(sections(changed, first.copy().put("others", receiver().put("holdMillis", 1))));
        until(() -> told.size() == 4);
        assertThat(tellings().skip(3)).containsExactly("b unknown failing");
        // Nor is anybody told who is a receiver no more.
        watching.reload(sections(new JsonObject(), first));
        until(() -> told.size() == 5);
        assertThat(tellings().skip(4)).containsExactly("b failing unknown");
    }

    /** What the checks find just before the service stops is told. */
    @Test
    void tellsWhatIsQueuedWhenTheServiceStops() throws Exception {
        JsonObject checks = new JsonObject().put("a", checkOf(watching.closedPort()));
        watching.serve(sections(checks, new JsonObject().put("people", receiver())));
        until(() -> watching.check("a").state() == State.FAILING);
        watching.stop();
        assertThat(tellings()).containsExactly("a unknown failing");
    }
}
