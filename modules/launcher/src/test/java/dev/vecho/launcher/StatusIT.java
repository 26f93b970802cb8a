package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code status}, as a process. */
@Timeout(180)
class StatusIT {

    /**
     * Runs a command on a terminal of its own, types q when the screen has been drawn several times, and tells what came. Ctrl-C in
     * place of q where it is told so.
     */
    private static final String ON_A_TERMINAL = """
            import os, pty, select, sys, time
            key, command = sys.argv[1].encode(), sys.argv[2:]
            process, terminal = pty.fork()
            if process == 0:
                os.environ["TERM"] = "xterm"
                os.execvp(command[0], command)
            said, typed, end = b"", False, time.monotonic() + 50
            while time.monotonic() < end:
                if select.select([terminal], [], [], 0.1)[0]:
                    try:
                        some = os.read(terminal, 65536)
                    except OSError:
                        break
                    if not some:
                        break
                    said += some
                if not typed and said.count(b"\\x1b[H\\x1b[J") >= 3:
                    os.write(terminal, key)
                    typed = True
            sys.stdout.buffer.write(said)
            sys.stdout.flush()
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) if typed else 99)
            """;

    @TempDir
    Path directory;

    private static JsonObject any(String transport) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0);
    }

    private Vecho serve() throws Exception {
        JsonObject listeners = new JsonObject()
                .put("tcp", any("tcp"))
                .put("udp", any("udp"))
                .put("quic", any("quic").put("tls", new JsonObject().put("selfSigned", true)));
        return Vecho.serve("-c", write(listeners));
    }

    private String write(JsonObject listeners) throws IOException {
        JsonObject management = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        return Files.writeString(
                        directory.resolve("vecho.json"),
                        new JsonObject()
                                .put("listeners", listeners)
                                .put("management", management)
                                .encode())
                .toString();
    }

    @Test
    void tellsProgramsTheRatesOfEachTransport() throws Exception {
        try (Vecho service = serve();
                Vecho load = Vecho.start(
                        "check",
                        "--insecure",
                        "-q",
                        "-n",
                        "0",
                        "-i",
                        "5ms",
                        service.address("tcp"),
                        service.address("udp"),
                        service.address("quic"));
                Socket open = new Socket("127.0.0.1", service.port("tcp"))) {
            open.getOutputStream().write("hello".getBytes(UTF_8));
            assertThat(open.getInputStream().readNBytes(5)).hasSize(5);
            JsonObject status = new JsonObject();
            for (boolean moves = false; !moves; ) {
                Result result = Vecho.run("status", "-o", "json", "-i", "500ms", service.note("management"));
                assertThat(result.exitCode()).as(result.err()).isZero();
                status = new JsonObject(result.out());
                moves = status.getJsonArray("listeners").stream()
                        .map(JsonObject.class::cast)
                        .allMatch(each -> each.getDouble("receivedBytesPerSecond") > 0);
                assertThat(load.isAlive()).isTrue();
            }
            assertThat(status.getJsonObject("service").getString("state")).isEqualTo("READY");
            assertThat(status.getDouble("seconds")).isGreaterThanOrEqualTo(0.5);
            JsonArray listeners = status.getJsonArray("listeners");
            assertThat(listeners).hasSize(3);
            for (Object each : listeners) {
                JsonObject listener = (JsonObject) each;
                assertThat(listener.getDouble("sentBytesPerSecond"))
                        .as(listener.encode())
                        .isPositive();
                assertThat(listener.getLong("receivedBytes"))
                        .as(listener.encode())
                        .isPositive();
            }
            assertThat(status.getJsonArray("busiest").stream()
                            .map(each -> ((JsonObject) each).getString("remote"))
                            .toList())
                    .contains("127.0.0.1:" + open.getLocalPort());
        }
    }

    @Test
    void isPlainWhereItIsNoTerminal() throws Exception {
        try (Vecho service = serve()) {
            Result result = Vecho.run("status", "-i", "100ms", service.note("management"));
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out())
                    .startsWith(service.note("management") + ": vecho ")
                    .contains(service.address("udp"))
                    .doesNotContain("\u001b");
        }
    }

    @Test
    void isDrawnAgainAndAgainOnATerminalUntilQ() throws Exception {
        try (Vecho service = serve()) {
            ForeignProgram.Result live = onATerminal("q", "status", "-i", "100ms", service.note("management"));
            String said = live.text();
            assertThat(live.exitCode()).as(said + live.err()).isZero();
            assertThat(said).contains(service.address("tcp"), "accepted/s");
            assertThat(said.indexOf("\u001b[?1049h"))
                    .as("another screen, before anything is drawn")
                    .isBetween(0, said.indexOf("\u001b[H\u001b[J"));
            assertThat(said.lastIndexOf("\u001b[?1049l"))
                    .as("what was there before comes back")
                    .isGreaterThan(said.lastIndexOf("\u001b[H\u001b[J"));
        }
    }

    @Test
    void givesTheTerminalBackAfterCtrlC() throws Exception {
        try (Vecho service = serve()) {
            ForeignProgram.Result live = onATerminal("\u0003", "status", "-i", "100ms", service.note("management"));
            assertThat(live.exitCode()).as(live.text() + live.err()).isEqualTo(130);
            assertThat(live.text()).contains("\u001b[?25h\u001b[?1049l");
        }
    }

    @Test
    void endsWhenTheServiceDoes() throws Exception {
        try (Vecho service = serve()) {
            String url = service.note("management");
            service.terminate();
            service.await();
            Result result = Vecho.run("status", url);
            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).isEqualTo(url + ": nobody listens there\n");
        }
    }

    private static ForeignProgram.Result onATerminal(String key, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "-c",
                ON_A_TERMINAL,
                key,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                Vecho.JAR));
        command.addAll(List.of(arguments));
        return ForeignProgram.find("python3", "apt-get install python3")
                .run(new byte[0], command.toArray(String[]::new));
    }
}
