package dev.vecho.management;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.server.EchoService.Outcome;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

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
