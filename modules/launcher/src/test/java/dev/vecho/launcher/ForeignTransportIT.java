package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transport;
import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar on the class path is all that it takes to add a transport. */
class ForeignTransportIT {

    @TempDir
    Path directory;

    @Test
    void servesAndChecksThroughATransportOfSomebodyElse() throws Exception {
        Path jar = jar("plain");
        Path config = Files.writeString(
                directory.resolve("plain.json"), "{\"listeners\":{\"mine\":{\"transport\":\"plain\"}}}");
        Path script = script();
        try (Vecho server = Vecho.startWith(jar, "serve", "-c", config.toString())) {
            server.awaitLine("ready");
            assertThat(server.address("mine")).startsWith("plain://127.0.0.1:");
            try (Vecho check = Vecho.startWith(jar, "check", server.address("mine"), "-s", script.toString())) {
                Result result = check.await();
                assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
                assertThat(result.out()).contains("bytes=100000");
            }
        }
    }

    /** Without an end of the output, which that transport does not have. */
    private Path script() throws IOException {
        return Files.writeString(
                directory.resolve("script.json"), "{\"steps\":[{\"send\":{\"random\":100000}},{\"expect\":\"echo\"}]}");
    }

    @Test
    void takesItsJarFromAFlagOrTheEnvironmentWhereTheProgramIsAJar() throws Exception {
        Path jar = jar("plain");
        Path config = Files.writeString(
                directory.resolve("plain.json"), "{\"listeners\":{\"mine\":{\"transport\":\"plain\"}}}");
        try (Vecho server = Vecho.start("serve", "-c", config.toString(), "--plugin", jar.toString())) {
            server.awaitLine("ready");
            Map<String, String> environment = Map.of("VECHO_CLASSPATH", jar.toString());
            String script = script().toString();
            try (Vecho check = Vecho.start(environment, List.of(), "check", server.address("mine"), "-s", script)) {
                Result result = check.await();
                assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
                assertThat(result.out()).contains("1 passed");
            }
        }
        try (Vecho without = Vecho.start("config", "-c", config.toString())) {
            assertThat(without.await().err()).contains("transport: must be one of ", "was \"plain\"");
        }
    }

    @Test
    void saysWhichPluginIsNone() throws Exception {
        Path text = Files.writeString(directory.resolve("text.jar"), "no jar");
        Result result = Vecho.run("serve", "--plugin", "missing.jar", "--plugin=" + text);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines()).hasSize(2).first().isEqualTo("--plugin: missing.jar: no such file");
        assertThat(result.err()).contains("--plugin: " + text + ": must be a jar or a directory of classes: ");
    }

    @Test
    void describesItsKeysInTheSchemaOfTheService() throws Exception {
        Path plain = jar("plain");
        assertThat(definition(plain, "plain").encode())
                .as("without a schema any key")
                .isEqualTo("{\"type\":\"object\"}");
        Path described = jar("plain", Map.of("META-INF/vecho/schema/listener-plain.json", """
                        { "type": "object", "additionalProperties": false, "properties": {
                          "port": { "$ref": "net.json#/$defs/port", "default": 0 },
                          "names": { "$ref": "#/$defs/names" } },
                          "$defs": { "names": { "type": "array", "items": { "type": "string" } } } }
                        """));
        JsonObject definition = definition(described, "plain");
        assertThat(definition.getJsonObject("properties").fieldNames())
                .containsExactlyInAnyOrder("transport", "enabled", "port", "names");
        assertThat(definition.getJsonObject("properties").getJsonObject("port").getInteger("maximum"))
                .isEqualTo(65_535);
        assertThat(definition.getBoolean("additionalProperties")).isFalse();
    }

    private static JsonObject definition(Path jar, String name) throws Exception {
        try (Vecho config = Vecho.startWith(jar, "config", "--schema")) {
            Result result = config.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
            return new JsonObject(result.out()).getJsonObject("$defs").getJsonObject("listener-" + name);
        }
    }

    @Test
    void tellsItsKeysInTheEffectiveConfiguration() throws Exception {
        Path config = Files.writeString(
                directory.resolve("plain.json"), "{\"listeners\":{\"mine\":{\"transport\":\"plain\"}}}");
        try (Vecho vecho = Vecho.startWith(jar("plain"), "config", "-c", config.toString())) {
            Result result = vecho.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out().lines().map(line -> line.replaceAll(" {2,}", " ")))
                    .contains("listeners.mine.port = 0 (default)");
        }
    }

    @Test
    void refusesTwoTransportsOfOneName() throws Exception {
        try (Vecho server = Vecho.startWith(jar("tcp"), "serve")) {
            Result result = server.await();
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .startsWith("two transports have the name \"tcp\": ")
                    .contains("foreign.PlainTransport", "dev.vecho.transport.tcp.TcpTransport");
        }
    }

    private Path jar(String name) throws Exception {
        return jar(name, Map.of());
    }

    private Path jar(String name, Map<String, String> resources) throws Exception {
        return ForeignJar.make(directory, "PlainTransport", name, Transport.class, resources);
    }
}
