package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.Lab;
import dev.vecho.testkit.LabFault;
import dev.vecho.testkit.PythonTls;
import dev.vecho.testkit.PythonTls.Answers;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who speaks plain text to a server of TLS learns it: from our listener, and from our check at any server. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class TlsRequiredTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final int RETRY_MILLIS = 20;
    private static final byte TLS_HANDSHAKE = 22;
    private static final byte[] ALERT = {21, 3, 3, 0, 2, 2, 10};

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static Certificates certificates;
    private static Issued localhost;
    private static Listeners listeners;

    @BeforeAll
    static void serve() throws Exception {
        vertx = Launch.vertx("auto");
        certificates = new Certificates(directory);
        localhost = certificates.localhost();
        JsonObject two = localhost
                .options()
                .put(
                        "certificates",
                        new JsonArray().add(certificates.forName("example.org").options()));
        JsonObject each = new JsonObject();
        for (String engine : TlsEngines.available()) {
            each.put(
                            "tcp-" + engine,
                            Listeners.any().put("tls", localhost.options().put("engine", engine)))
                    .put(
                            "http-" + engine,
                            Listeners.any()
                                    .put("transport", "http")
                                    .put("tls", localhost.options().put("engine", engine)));
        }
        each.put("closing", faulty("{\"cut\": {\"afterBytes\": 0, \"with\": \"fin\"}}"))
                .put("resetting", faulty("{\"cut\": {\"afterBytes\": 0}}"))
                .put("silent", faulty("{\"stallAfterBytes\": 0}"));
        each.put("tcp-names", Listeners.any().put("tls", two))
                .put("http-names", Listeners.any().put("transport", "http").put("tls", two));
        listeners = Listeners.serve(vertx, each);
    }

    /** Plain text, with something done to what it answers. */
    private static JsonObject faulty(String toPeer) {
        return Listeners.any().put("faults", new JsonObject().put("toPeer", new JsonObject(toPeer)));
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    static List<Arguments> ours() {
        List<String> kinds = new ArrayList<>(TlsEngines.available());
        kinds.add("names");
        return Stream.of("tcp", "http")
                .flatMap(transport -> kinds.stream().map(kind -> Arguments.of(transport + "-" + kind)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("ours")
    void isToldOfOurListeners(String listener) throws Exception {
        assertRequired(port(listener));
    }

    @ParameterizedTest
    @MethodSource("ours")
    void hearsAnAlertFromOurListeners(String listener) throws Exception {
        // The long one is not read to its end before the answer.
        for (String said :
                List.of("hello", "hello\r\n".repeat(300_000), "\u0000\u0000\u0000\u0000\u0000", "ab\r\n\r\n")) {
            assertThat(answer(port(listener), said)).as(said.substring(0, 5)).isEqualTo(ALERT);
        }
    }

    @Test
    void hearsAStatusWhereItSpeaksHttpToHttps() throws Exception {
        for (String listener : List.of("http-" + TlsEngines.fastest(), "http-names")) {
            String answer = new String(answer(port(listener), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), US_ASCII);
            assertThat(answer)
                    .startsWith("HTTP/1.1 400 Bad Request\r\n")
                    .endsWith("\r\n\r\nThis port speaks HTTPS, and plain HTTP was sent to it.\n");
            String post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + "x".repeat(3_000_000);
            assertThat(new String(answer(port(listener), post), US_ASCII)).isEqualTo(answer);
            ForeignProgram.Result curl = ForeignProgram.find("curl", "apt-get install curl")
                    .run(new byte[0], "-s", "-w", "%{http_code}", "http://127.0.0.1:" + port(listener) + "/");
            assertThat(curl.text()).isEqualTo("This port speaks HTTPS, and plain HTTP was sent to it.\n400");
        }
        assertThat(answer(port("tcp-" + TlsEngines.fastest()), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
                .isEqualTo(ALERT);
    }

    @Test
    void isToldOfOpenSsl() throws Exception {
        try (PythonTls server = PythonTls.start(localhost.certificate(), localhost.key(), "TLSv1.3", Answers.AT_ONCE)) {
            assertRequired(server.port());
        }
        try (PythonTls server = PythonTls.start(localhost.certificate(), localhost.key(), "TLSv1.2", Answers.AT_ONCE)) {
            assertRequired(server.port());
        }
    }

    @Test
    void isToldOfTheJdk() throws Exception {
        try (Lab server = Lab.tls(LabFault.none(), certificates.serverContext(localhost))) {
            assertRequired(portOf(server.target()));
        }
    }

    @Test
    void isToldOfNginx() throws Exception {
        ForeignProgram nginx = ForeignProgram.find("nginx", "apt-get install nginx-light");
        int port = Ports.free();
        Path configuration = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off; master_process off; pid %1$s/nginx.pid; error_log stderr;
                events {}
                http { access_log off; client_body_temp_path %1$s/body; proxy_temp_path %1$s/proxy;
                  fastcgi_temp_path %1$s/fastcgi; uwsgi_temp_path %1$s/uwsgi; scgi_temp_path %1$s/scgi;
                  server { listen 127.0.0.1:%2$d ssl; ssl_certificate %3$s; ssl_certificate_key %4$s; } }
                """.formatted(
                        directory, port, localhost.certificate(), localhost.key()));
        Process server = nginx.start("-c", configuration.toString(), "-p", directory.toString());
        try {
            await(server, port);
            assertRequired(port);
        } finally {
            server.destroy();
        }
    }

    /** As Go's server of HTTP does: a status for plain HTTP; for all else nothing. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void isToldOfThoseThatAnswerInHttpOrNotAtAll(boolean answersInHttp) throws Exception {
        try (Multiplexer server = new Multiplexer(answersInHttp, certificates.serverContext(localhost))) {
            assertRequired(server.port());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "http", "ws"})
    void isNotToldOfOthersThatMakeNothingOfIt(String scheme) throws Exception {
        assertThat(kind(scheme, port("closing"))).isEqualTo("closed");
        assertThat(kind(scheme, port("silent"))).isNotEqualTo("tls: required");
        assertThat(kind(scheme, port("resetting"))).isEqualTo("reset: before");
        try (Lab banner = Lab.banner("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")) {
            assertThat(kind(scheme, portOf(banner.target()))).isNotEqualTo("tls: required");
        }
    }

    /** A server of TLS that looks at the first byte, and speaks no TLS to who does not begin it. */
    private static final class Multiplexer implements AutoCloseable {

        private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final boolean answersInHttp;
        private final SSLContext context;

        Multiplexer(boolean answersInHttp, SSLContext context) throws IOException {
            this.answersInHttp = answersInHttp;
            this.context = context;
            Thread accepting = new Thread(this::accept, "multiplexer");
            accepting.setDaemon(true);
            accepting.start();
        }

        int port() {
            return listening.getLocalPort();
        }

        private void accept() {
            while (!listening.isClosed()) {
                try (Socket socket = listening.accept()) {
                    socket.setSoTimeout(PATIENCE_SECONDS * 1000);
                    serve(socket);
                } catch (IOException e) {
                    // Who asks whether this is a server of TLS leaves in the middle of the handshake.
                }
            }
        }

        private void serve(Socket socket) throws IOException {
            byte[] first = new byte[4096];
            int length = socket.getInputStream().read(first);
            if (length < 1) {
                return;
            }
            if (first[0] == TLS_HANDSHAKE) {
                InputStream consumed = new ByteArrayInputStream(first, 0, length);
                ((SSLSocket) context.getSocketFactory().createSocket(socket, consumed, true)).startHandshake();
            } else if (answersInHttp) {
                socket.getOutputStream()
                        .write("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
                                .getBytes(US_ASCII));
            }
        }

        @Override
        public void close() throws IOException {
            listening.close();
        }
    }

    private static void assertRequired(int port) throws Exception {
        for (String scheme : List.of("tcp", "http", "ws")) {
            assertThat(kind(scheme, port)).as(scheme).isEqualTo("tls: required");
        }
    }

    private static String kind(String scheme, int port) throws Exception {
        JsonObject script =
                new JsonObject().put("targets", scheme + "://127.0.0.1:" + port).put("timeoutMillis", 2000);
        Diagnosis found = Run.open(vertx, Script.of(script, Source.named("test")))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .play(RunListener.NONE)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .cases()
                .get(0)
                .rounds()
                .get(0)
                .diagnosis();
        return Objects.requireNonNull(found).kind();
    }

    private static byte[] answer(int port, String said) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_SECONDS * 1000);
            socket.getOutputStream().write(said.getBytes(US_ASCII));
            return socket.getInputStream().readAllBytes();
        }
    }

    private static int port(String listener) {
        return listeners.port(listener);
    }

    private static int portOf(String target) {
        return Integer.parseInt(target.substring(target.lastIndexOf(':') + 1).replaceAll("\\D.*", ""));
    }

    /** Waits until a program listens. */
    private static void await(Process program, int port) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() < end) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                assertThat(socket.isConnected()).isTrue();
                return;
            } catch (ConnectException e) {
                assertThat(program.waitFor(RETRY_MILLIS, TimeUnit.MILLISECONDS))
                        .as("whether it has ended")
                        .isFalse();
            }
        }
        throw new AssertionError("nobody listens on " + port);
    }
}
