package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonObject;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
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
        Path script = Files.writeString(
                directory.resolve("script.json"), "{\"steps\":[{\"send\":{\"random\":100000}},{\"expect\":\"echo\"}]}");
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
        String source;
        try (var in = ForeignTransportIT.class.getResourceAsStream("/foreign/PlainTransport.java.txt")) {
            source = new String(in.readAllBytes(), UTF_8).replace("@NAME@", name);
        }
        Path file = Files.createDirectories(directory.resolve("src")).resolve("PlainTransport.java");
        Files.writeString(file, source);
        Path classes = Files.createDirectories(directory.resolve("classes"));
        int exit = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-cp", Vecho.JAR, "-d", classes.toString(), file.toString());
        assertThat(exit).as("javac").isZero();
        Path jar = directory.resolve(name + ".jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                var compiled = Files.list(classes.resolve("foreign"))) {
            for (Path type : compiled.toList()) {
                entries.putNextEntry(new ZipEntry("foreign/" + type.getFileName()));
                entries.write(Files.readAllBytes(type));
            }
            entries.putNextEntry(new ZipEntry("META-INF/services/dev.vecho.core.Transport"));
            entries.write("foreign.PlainTransport\n".getBytes(UTF_8));
            for (Map.Entry<String, String> resource : resources.entrySet()) {
                entries.putNextEntry(new ZipEntry(resource.getKey()));
                entries.write(resource.getValue().getBytes(UTF_8));
            }
        }
        return jar;
    }
}
