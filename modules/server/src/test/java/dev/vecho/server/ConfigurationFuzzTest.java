package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Json;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Fuzz;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Whatever somebody writes into a configuration or the environment, there is a configuration or a list of what is wrong. */
public final class ConfigurationFuzzTest {

    private static final Vertx VERTX = Vertx.vertx();
    private static final Transports TRANSPORTS = Transports.load();

    private static final List<String> WORDS = List.of(
            "\"listeners\":{",
            "\"transport\":\"tcp\"",
            "\"unix\"",
            "\"tls\":{",
            "\"selfSigned\":true",
            "\"port\":",
            "-1",
            "1e999",
            "1.5",
            "null",
            "[]",
            "{}",
            "\"\"",
            "\"::\"",
            "\"[::1%eth0]\"",
            "\"\\u0000\"",
            "true",
            "\"io\":",
            "\"drainMillis\":",
            "9223372036854775808",
            "VECHO__LISTENERS__A__PORT=",
            "VECHO__",
            "__",
            "=",
            "\n");

    @AfterAll
    static void close() {
        VERTX.close().await();
    }

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(ConfigurationFuzzTest.class, WORDS, ConfigurationFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        try {
            String first = describe(layers(input));
            assertThat(describe(layers(input))).as("the same, read again").isEqualTo(first);
        } catch (InvalidInputException e) {
            assertThat(e.problems())
                    .isNotEmpty()
                    .allSatisfy(problem -> assertThat(problem).isNotBlank());
        }
    }

    /** Variables of the environment, one a line, where it is no JSON. */
    private static Layers layers(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        if (!text.startsWith("VECHO__")) {
            Layers layers = new Layers();
            layers.add(Source.named("fuzz.json"), Json.parse("fuzz.json", Buffer.buffer(input)));
            return layers;
        }
        JsonObject variables = new JsonObject();
        text.lines()
                .filter(line -> line.indexOf('=') > 0)
                .forEach(line ->
                        variables.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1)));
        Layers layers = Layers.of(new JsonObject().put("listeners", new JsonObject()), "defaults");
        layers.addEnvironment(variables);
        return layers;
    }

    private static String describe(Layers layers) {
        Configuration configuration = new Configuration(layers);
        Configuration.Valid valid = configuration.validate(VERTX, TRANSPORTS);
        StringBuilder text = new StringBuilder(configuration.io() + valid.drain() + valid.busyPoll());
        valid.listeners()
                .forEach(listener -> text.append(listener.name())
                        .append(listener.transport())
                        .append(listener.server().address()));
        return text.toString();
    }
}
