package dev.vecho.management;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The levels of loggers are changed while the service runs. */
@Timeout(180)
class LoggersTest {

    private static final String PATH = "/loggers/dev.vecho.net";

    private static HttpResponse<String> put(Managed service, String path, String body) throws Exception {
        return service.send(service.request(path).PUT(BodyPublishers.ofString(body.replace('\'', '"'))));
    }

    private static JsonObject changed(Managed service, String path, String body) throws Exception {
        HttpResponse<String> answer = put(service, path, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new JsonObject(answer.body());
    }

    private static JsonObject takenBack(Managed service, String path) throws Exception {
        HttpResponse<String> answer = service.send(service.request(path).DELETE());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new JsonObject(answer.body());
    }

    @Test
    void changesALevelAndTakesItBack() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            JsonObject before = service.json(PATH);
            assertThat(before.getMap())
                    .isEqualTo(Map.of("name", "dev.vecho.net", "effectiveLevel", "info", "changed", false));
            assertThat(changed(service, PATH, "{'level': 'debug'}").getMap())
                    .isEqualTo(Map.of(
                            "name", "dev.vecho.net", "effectiveLevel", "debug", "level", "debug", "changed", true));
            assertThat(service.json("/loggers/dev.vecho.net.echo").getString("effectiveLevel"))
                    .isEqualTo("debug");
            assertThat(service.json("/loggers").getJsonArray("loggers")).hasSize(3);
            assertThat(takenBack(service, PATH)).isEqualTo(before);
            assertThat(takenBack(service, PATH)).as("once more").isEqualTo(before);
            assertThat(service.json("/loggers").getJsonArray("loggers")).hasSize(2);
        }
    }

    @Test
    void fallsBackToTheLevelOfTheStartHoweverOftenItWasChanged() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            changed(service, "/loggers/root", "{'level': 'debug', 'forMillis': 600000}");
            Instant before = Instant.now();
            JsonObject second = changed(service, "/loggers/root", "{'level': 'info', 'forMillis': 300}");
            assertThat(second.getString("levelBefore")).isEqualTo("warn");
            assertThat(Instant.parse(second.getString("until"))).isBefore(before.plusSeconds(300));
            JsonObject now = second;
            for (long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
                    System.nanoTime() < end && now.getBoolean("changed"); ) {
                now = service.json("/loggers/root");
            }
            assertThat(now.getMap())
                    .isEqualTo(Map.of("name", "root", "effectiveLevel", "warn", "level", "warn", "changed", false));
            assertThat(Instant.now()).isAfterOrEqualTo(before.plusMillis(299));
        }
    }

    @Test
    void forgetsTheTimeOfAChangeThatAnotherOneReplaces() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            changed(service, PATH, "{'level': 'debug', 'forMillis': 1}");
            JsonObject second = changed(service, PATH, "{'level': 'off'}");
            assertThat(second.containsKey("until")).isFalse();
            changed(service, "/loggers/other", "{'level': 'debug', 'forMillis': 50}");
            for (JsonObject other = service.json("/loggers/other"); other.getBoolean("changed"); ) {
                other = service.json("/loggers/other");
            }
            assertThat(service.json(PATH).getString("level")).isEqualTo("off");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'level': 'loud'} | level: must be one of [off, warn, info, debug], was \"loud\"",
                "{} | level: must be one of [off, warn, info, debug], was null",
                "{'level': 7} | level: must be one of [off, warn, info, debug], was 7",
                "{'level': 'debug', 'for': 1} | for: is not known, expected one of [forMillis, level]",
                "{'level': 'debug', 'forMillis': 0} | forMillis: must be 1..604800000, was 0",
                "{'level': 'debug', 'forMillis': 604800001} | forMillis: must be 1..604800000, was 604800001",
                "{'level': 'debug', 'forMillis': '1'} | forMillis: must be 1..604800000, was \"1\"",
                "{'level': 'debug', 'forMillis': 1.5} | forMillis: must be 1..604800000, was 1.5",
                "[] | The body must be an object in JSON, such as {\"level\": \"debug\"}.",
                "debug | The body must be an object in JSON, such as {\"level\": \"debug\"}."
            })
    void saysWhatIsWrongAndChangesNothing(String body, String detail) throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            HttpResponse<String> answer = put(service, PATH, body);
            assertThat(answer.statusCode()).isEqualTo(400);
            assertThat(new JsonObject(answer.body()).getString("detail")).isEqualTo(detail);
            assertThat(service.json(PATH).getBoolean("changed")).isFalse();
        }
    }

    @Test
    void knowsNoOtherNames() throws Exception {
        try (Managed service = Managed.start(Managed.tcp())) {
            for (String name : new String[] {"dev..vecho", ".dev", "a%20b", "x".repeat(201)}) {
                assertThat(service.get("/loggers/" + name).statusCode())
                        .as(name)
                        .isEqualTo(404);
                assertThat(put(service, "/loggers/" + name, "{'level': 'debug'}")
                                .statusCode())
                        .as(name)
                        .isEqualTo(404);
            }
        }
    }

    @Test
    void asksForTheToken() throws Exception {
        try (Managed service = Managed.start(Managed.tcp(), new JsonObject().put("token", "secret"))) {
            assertThat(put(service, PATH, "{'level': 'debug'}").statusCode()).isEqualTo(401);
            assertThat(service.get("/loggers").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void takesEverythingBackWhenItCloses() {
        Vertx vertx = Vertx.vertx();
        try {
            FakeLogLevels levels = new FakeLogLevels();
            Map<String, String> before = levels.own();
            Loggers loggers = new Loggers(vertx, levels);
            Buffer debug = Buffer.buffer("{\"level\": \"debug\"}");
            loggers.change("root", debug);
            for (int i = 1; i < Loggers.MOST_NAMES; i++) {
                assertThat(loggers.change("a" + i, debug).status()).isEqualTo(200);
                loggers.reset("a" + i);
            }
            assertThat(loggers.change("b", debug).status()).isEqualTo(422);
            assertThat(loggers.change("a1", debug).status()).isEqualTo(200);
            loggers.close();
            assertThat(levels.own()).isEqualTo(before);
        } finally {
            vertx.close().await();
        }
    }

    @Test
    void saysThatTheLogOfAnApplicationIsItsOwn() {
        Vertx vertx = Vertx.vertx();
        try {
            Loggers loggers = new Loggers(vertx, null);
            assertThat(loggers.all().status()).isEqualTo(501);
            assertThat(loggers.change("root", Buffer.buffer("{}")).status()).isEqualTo(501);
        } finally {
            vertx.close().await();
        }
    }
}
