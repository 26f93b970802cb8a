package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Service;
import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar on the class path is all that it takes to add a service. */
class ForeignServiceIT {

    @TempDir
    Path directory;

    private Path jar(String name, Map<String, String> resources) throws Exception {
        return ForeignJar.make(directory, "ShoutService", name, Service.class, resources);
    }

    private Path config(String listener) throws Exception {
        return Files.writeString(directory.resolve("mine.json"), "{\"listeners\":{\"mine\":" + listener + "}}");
    }

    @Test
    void servesWithAServiceOfSomebodyElse() throws Exception {
        Path config = config("{\"host\":\"127.0.0.1\",\"port\":0,\"service\":{\"shout\":{\"word\":\"OH\"}}}");
        String jar = jar("shout", Map.of()).toString();
        try (Vecho server = Vecho.start("serve", "-c", config.toString(), "--plugin", jar)) {
            server.awaitLine("ready");
            String address = server.address("mine");
            try (Socket client = new Socket("127.0.0.1", Integer.parseInt(address.replaceAll(".*:", "")))) {
                client.setSoTimeout(60_000);
                client.getOutputStream().write("one\ntwo\n".getBytes(StandardCharsets.US_ASCII));
                client.shutdownOutput();
                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo("OH ONE\nOH TWO\n");
            }
        }
    }

    @Test
    void isPartOfTheSchema() throws Exception {
        Path jar = jar("shout", Map.of("META-INF/vecho/schema/service-shout.json", """
                { "type": "object", "additionalProperties": false, "properties": {
                  "word": { "description": "Comes first.", "type": "string", "default": "HEY" } } }
                """));
        try (Vecho config = Vecho.startWith(jar, "config", "--schema")) {
            Result result = config.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
            String service = new JsonObject(result.out())
                    .getJsonObject("$defs")
                    .getJsonObject("listener-tcp")
                    .getJsonObject("properties")
                    .getJsonObject("service")
                    .encode();
            assertThat(service).contains("\"shout\"", "Comes first.");
        }
    }

    @Test
    void refusesWhatItDoesNotServeAndAnotherOfItsName() throws Exception {
        Path config = config("{\"transport\":\"http\",\"port\":0,\"service\":\"shout\"}");
        try (Vecho server = Vecho.startWith(jar("shout", Map.of()), "config", "-c", config.toString())) {
            Result result = server.await();
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.err()).contains("listeners.mine.service: shout needs a stream, for it reads lines");
        }
        try (Vecho server = Vecho.startWith(jar("chargen", Map.of()), "config", "-c", config.toString())) {
            Result result = server.await();
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.err()).startsWith("two services have the name \"chargen\": ");
        }
    }
}
