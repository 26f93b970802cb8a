package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of gRPC that are not ours: its own library, by Python, and grpc-js. */
class GrpcForeignClientsTest {

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static JsonObject tls;

    @BeforeAll
    static void issue() throws Exception {
        certificates = new Certificates(directory);
        tls = new JsonObject().put("tls", certificates.localhost().options());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pythonGetsItsMessagesBack(boolean secure) throws Exception {
        ForeignProgram python = ForeignProgram.findPythonWith("grpc", "apt-get install python3-grpcio");
        assertThat(calls(python, "grpc_calls.py", directory, secure))
                .hasSize(29)
                .contains("gzip streaming", "deflate unary", "identity health");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nodeGetsItsMessagesBack(boolean secure) throws Exception {
        ForeignProgram node = ForeignProgram.find("node", "apt-get install nodejs");
        Path modules = ForeignProgram.npm("@grpc/grpc-js", "1.14.7");
        assertThat(calls(node, "grpc_calls.js", modules, secure))
                .hasSize(16)
                .contains("gzip streaming", "identity health");
    }

    /** Runs a program against a listener of its own, and returns what it printed. */
    private static List<String> calls(ForeignProgram program, String resource, Path place, boolean secure)
            throws Exception {
        Path script = place.resolve(resource);
        try (InputStream in = GrpcForeignClientsTest.class.getResourceAsStream(resource)) {
            Files.write(script, in.readAllBytes());
        }
        try (HttpServer server = HttpServer.listen(secure ? tls : new JsonObject())) {
            List<String> arguments = new ArrayList<>(List.of(script.toString(), "localhost:" + server.port()));
            if (secure) {
                arguments.add(certificates.authority().toString());
            }
            Result result = program.run(new byte[0], arguments.toArray(String[]::new));
            assertThat(result.exitCode()).as(result.text() + result.err()).isZero();
            StreamWait.until("the connections end", () -> server.traffic().active() == 0);
            assertThat(server.failures()).isEqualTo(Map.of());
            return result.text().lines().toList();
        }
    }
}
