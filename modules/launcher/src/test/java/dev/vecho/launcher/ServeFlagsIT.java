package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.Certificates;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A service without a configuration, as somebody starts it who wants to try something. */
class ServeFlagsIT {

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "tcp, tcp, --port 0",
        "tcp, tls, --port 0 --tls --host 127.0.0.1",
        "udp, udp, --transport udp --port 0",
        "http, https, --transport http --port 0 --tls",
        "websocket, ws, --transport websocket --port 0",
        "grpc, grpc, --transport grpc --port 0",
        "quic, quic, --transport quic --port 0 --tls",
        "unix, unix, --transport unix --path DIRECTORY/echo.sock"
    })
    void opensOneListenerWithTheNameOfItsTransport(String transport, String scheme, String flags) throws Exception {
        try (Vecho service = Vecho.serve(split(flags.replace("DIRECTORY", directory.toString())))) {
            String address = service.address(transport);
            assertThat(address).startsWith(scheme + "://");
            Result check = Vecho.run("check", "--insecure", address);
            assertThat(check.exitCode()).as(check.out() + check.err()).isZero();
        }
    }

    @Test
    void servesWithACertificateOfTheUsers() throws Exception {
        Certificates certificates = new Certificates(directory);
        Certificates.Issued own = certificates.localhost();
        try (Vecho service = Vecho.serve(
                "--port",
                "0",
                "--cert",
                own.certificate().toString(),
                "--key",
                own.key().toString())) {
            Result check = Vecho.run(
                    "check", "--trust", certificates.authority().toString(), "tls://localhost:" + service.port("tcp"));
            assertThat(check.exitCode()).as(check.out() + check.err()).isZero();
        }
    }

    @Test
    void hasAServiceBesideTheEcho() throws Exception {
        try (Vecho service = Vecho.serve("--host", "127.0.0.1", "--port", "0", "--service", "daytime");
                Socket socket = new Socket("127.0.0.1", service.port("tcp"))) {
            byte[] answer = socket.getInputStream().readAllBytes();
            assertThat(new String(answer, StandardCharsets.US_ASCII)).containsPattern("20[0-9][0-9]");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp | | toPeer.cut.afterBytes=20 | reset: during",
                "udp | --transport udp | toPeer.truncate.bytes=20 | truncated: message 1",
                "http | --transport http | toPeer.status.code=503 | answered 503 Service Unavailable",
                "websocket | --transport websocket | toPeer.corrupt.offset=7 | with another byte 7"
            })
    void doesSomethingOnPurpose(String transport, @Nullable String flags, String fault, String found) throws Exception {
        String all = "--host 127.0.0.1 --port 0 --fault seed=1 --fault " + fault + (flags == null ? "" : " " + flags);
        try (Vecho service = Vecho.serve(split(all))) {
            Result check = Vecho.run("check", service.address(transport));
            assertThat(check.exitCode()).as(check.out() + check.err()).isEqualTo(1);
            assertThat(check.out()).contains(found);
        }
    }

    @Test
    void keepsTheListenerWhenItReloads() throws Exception {
        try (Vecho service = Vecho.serve("--host", "127.0.0.1", "--port", "0")) {
            service.signal("HUP");
            assertThat(service.awaitLine("reloaded")).isEqualTo("reloaded, nothing has changed");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--port 70000 | --port: listeners.tcp.port: must be 0..65535, was \"70000\"",
                "--transport pigeon | --transport: listeners.pigeon.transport: must be one of ",
                "--transport quic | --transport: listeners.quic.tls: ",
                "--transport unix | --transport: listeners.unix.path: is missing",
                "--service pigeon | --service: listeners.tcp.service: must be one of ",
                "--fault toPeer.latency=soon | --fault: listeners.tcp.faults.toPeer.latency: must be a time such as 50ms",
                "--fault toPeer.status.code=503 | --fault: listeners.tcp.faults.toPeer.status: has no meaning here",
                "--key key.pem | --key: listeners.tcp.tls.certificate: is missing, key needs it",
                "--cert none.pem --key none.pem | --cert: listeners.tcp.tls.certificate: ",
                "--transport udp --tls | --tls: listeners.udp.tls: "
            })
    void namesTheFlagThatIsWrong(String flags, String problem) throws Exception {
        for (String command : List.of("serve", "config")) {
            Result result = Vecho.run(split(command + " " + flags));
            assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).startsWith(problem);
        }
    }

    @Test
    void takesEitherFilesOrFlags() throws Exception {
        for (String file : List.of("-c vecho.json", "--store vecho.json")) {
            Result result = Vecho.run(split("serve --port 1 " + file));
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.err())
                    .startsWith("--port: makes a listener without a file, and cannot be combined with --")
                    .endsWith("see vecho serve --help\n");
        }
    }

    @Test
    void isToldByConfig() throws Exception {
        Result result = Vecho.run(split("config --transport http --port 8080 --tls"));
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines().map(line -> line.replaceAll(" +", " ")))
                .contains(
                        "listeners.http.transport = \"http\" (--transport)",
                        "listeners.http.port = 8080 (--port)",
                        "listeners.http.tls.selfSigned = true (--tls)",
                        "listeners.http.host = \"localhost\" (default)");
    }

    /** They are the last word, over what is in the environment. */
    @Test
    void overrideTheEnvironment() throws Exception {
        try (Vecho config = Vecho.start(
                Map.of("VECHO__LISTENERS__TCP__PORT", "7008", "VECHO__LISTENERS__TCP__HOST", "127.0.0.1"),
                List.of(),
                "config",
                "--port",
                "7009")) {
            Result result = config.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out().lines().map(line -> line.replaceAll(" +", " ")))
                    .contains("listeners.tcp.port = 7009 (--port)")
                    .contains("listeners.tcp.host = \"127.0.0.1\" (environment variable VECHO__LISTENERS__TCP__HOST)");
        }
    }

    private static String[] split(String arguments) {
        return arguments.split(" ", -1);
    }
}
