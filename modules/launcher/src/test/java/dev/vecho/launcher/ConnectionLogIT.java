package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code serve -v} tells of connections. */
class ConnectionLogIT {

    private static final String DATE = "20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:.]+Z";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "tcp, ''",
        "tcp, --tls",
        "tcp, --service whoami",
        "http, ''",
        "websocket, --tls",
        "quic, --tls",
        "unix, --path DIRECTORY/echo.sock"
    })
    void tellsWhenAConnectionBeginsAndEnds(String transport, String more) throws Exception {
        String flags = "-v --transport " + transport
                + (transport.equals("unix") ? "" : " --host 127.0.0.1 --port 0")
                + (more.isEmpty() ? "" : " " + more.replace("DIRECTORY", directory.toString()));
        try (Vecho service = Vecho.serve(flags.split(" ", -1))) {
            String answer = more.contains("whoami") ? "whoami" : "hello";
            Result check = Vecho.run("check", "--insecure", "--text", "hello", service.address(transport));
            assertThat(check.exitCode()).as(check.out() + check.err()).isEqualTo(answer.equals("hello") ? 0 : 1);
            service.terminate();
            List<String> lines = connections(service.await());
            assertThat(lines).hasSize(2);
            String peer = transport.equals("unix") ? "a client of this machine" : "127\\.0\\.0\\.1:[0-9]+";
            assertThat(lines.get(0)).containsPattern(DATE + " " + transport + ": Connected by " + peer + "$");
            assertThat(lines.get(1))
                    .containsPattern(DATE + " " + transport + ": " + peer
                            + " has ended after [0-9]+ ms, [0-9]+ bytes received, [0-9]+ sent: ");
        }
    }

    @Test
    void tellsHowManyBytesAndHowItEnded() throws Exception {
        try (Vecho service = Vecho.serve("-v", "--host", "127.0.0.1", "--port", "0")) {
            Result check = Vecho.run("check", "--text", "hello", service.address("tcp"));
            assertThat(check.exitCode()).as(check.err()).isZero();
            try (Socket socket = new Socket("127.0.0.1", service.port("tcp"))) {
                socket.getOutputStream().write(1);
                assertThat(socket.getInputStream().read()).isEqualTo(1);
                socket.setSoLinger(true, 0);
            }
            service.terminate();
            List<String> lines = connections(service.await());
            assertThat(lines).hasSize(4);
            assertThat(lines.get(1)).endsWith(" ms, 5 bytes received, 5 sent: complete");
            assertThat(lines.get(3)).endsWith(" ms, 1 bytes received, 1 sent: reset");
        }
    }

    @Test
    void tellsWhileTheLevelIsRaisedOverTheManagementListener() throws Exception {
        Path file = directory.resolve("vecho.json");
        Files.writeString(
                file,
                "{\"listeners\":{\"tcp\":{\"host\":\"127.0.0.1\",\"port\":0}},"
                        + "\"management\":{\"host\":\"127.0.0.1\",\"port\":0}}");
        HttpClient client = HttpClient.newHttpClient();
        try (Vecho service = Vecho.serve("-c", file.toString())) {
            URI logger = URI.create(service.note("management") + "/loggers/dev.vecho");
            assertThat(Vecho.run("check", "--text", "a", service.address("tcp")).exitCode())
                    .isZero();
            HttpResponse<String> raised = client.send(
                    HttpRequest.newBuilder(logger)
                            .PUT(BodyPublishers.ofString("{\"level\":\"debug\"}"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(raised.statusCode()).as(raised.body()).isEqualTo(200);
            assertThat(Vecho.run("check", "--text", "hello", service.address("tcp"))
                            .exitCode())
                    .isZero();
            HttpResponse<String> back =
                    client.send(HttpRequest.newBuilder(logger).DELETE().build(), BodyHandlers.ofString());
            assertThat(new JsonObject(back.body()).getString("effectiveLevel")).isEqualTo("warn");
            assertThat(Vecho.run("check", "--text", "b", service.address("tcp")).exitCode())
                    .isZero();
            service.terminate();
            List<String> lines = connections(service.await());
            assertThat(lines).hasSize(2);
            assertThat(lines.get(1)).endsWith(" ms, 5 bytes received, 5 sent: complete");
        }
    }

    @Test
    void tellsOfNoConnectionOtherwise() throws Exception {
        try (Vecho service = Vecho.serve("--host", "127.0.0.1", "--port", "0")) {
            assertThat(Vecho.run("check", service.address("tcp")).exitCode()).isZero();
            service.terminate();
            assertThat(service.await().err()).isEmpty();
        }
        try (Vecho other = Vecho.start("check", "-v", "tcp://127.0.0.1:1")) {
            assertThat(connections(other.await())).isEmpty();
        }
    }

    private static List<String> connections(Result result) {
        return result.err()
                .lines()
                .filter(line -> line.contains("ConnectionLog"))
                .toList();
    }
}
