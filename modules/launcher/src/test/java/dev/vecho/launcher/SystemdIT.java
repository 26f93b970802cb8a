package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.net.io.Io;
import dev.vecho.testkit.ForeignProgram;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What systemd is told, on a socket that Python opens in its place. */
class SystemdIT {

    private static final String RECEIVER = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            name = sys.argv[1]
            s.bind("\\0" + name[1:] if name[0] == "@" else name)
            print("open", flush=True)
            while True:
                print(s.recv(4096).decode().replace("\\n", " "), flush=True)
            """;

    @TempDir
    Path directory;

    static Stream<String> sockets() {
        return Stream.of("notify", "@vecho-notify-" + ProcessHandle.current().pid());
    }

    @ParameterizedTest
    @MethodSource("sockets")
    void hearsOfStartSignsOfLifeAndStop(String name) throws Exception {
        assertThat(Io.available()).contains("epoll");
        String socket = name.startsWith("@") ? name : directory.resolve(name).toString();
        String python =
                ForeignProgram.find("python3", "apt-get install python3").path().toString();
        Process receiver = new ProcessBuilder(python, "-c", RECEIVER, socket).start();
        try (BufferedReader messages = receiver.inputReader()) {
            assertThat(messages.readLine()).isEqualTo("open");
            Map<String, String> environment =
                    Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "400000", "VECHO__LISTENERS__TCP__PORT", "0");
            try (Vecho vecho = Vecho.start(environment, List.of(), "serve")) {
                vecho.awaitLine("ready");
                List<String> heard = new ArrayList<>();
                while (heard.stream().filter("WATCHDOG=1"::equals).count() < 3) {
                    heard.add(messages.readLine());
                }
                assertThat(heard).anyMatch(message -> message.matches("READY=1 STATUS=1 listener.* MAINPID=\\d+"));
                vecho.terminate();
                assertThat(vecho.await().err()).isEmpty();
                String last = messages.readLine();
                while (last.equals("WATCHDOG=1")) {
                    last = messages.readLine();
                }
                assertThat(last).startsWith("STOPPING=1 ");
            }
        } finally {
            receiver.destroy();
        }
    }

    @Test
    void goesOnWhereNobodyListens() throws Exception {
        Map<String, String> environment =
                Map.of("NOTIFY_SOCKET", directory.resolve("none").toString(), "VECHO__LISTENERS__TCP__PORT", "0");
        try (Vecho vecho = Vecho.start(environment, List.of(), "serve")) {
            vecho.awaitLine("ready");
            vecho.terminate();
            Vecho.Result result = vecho.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.err().lines()).singleElement().asString().contains("WARN", "NOTIFY_SOCKET");
        }
    }
}
