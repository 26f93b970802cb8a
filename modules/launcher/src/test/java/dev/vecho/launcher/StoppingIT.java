package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How commands end when they are told to: with signals, as users, {@code timeout}, containers and terminals send them. */
class StoppingIT {

    private static final int SIGTERM = 15;
    private static final String UPGRADE = String.join(
            "\r\n",
            "GET / HTTP/1.1",
            "Host: here",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "",
            "");
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @TempDir
    Path directory;

    static Stream<String> ios() {
        return Io.available().stream();
    }

    /** A service that waited for them would wait an hour. */
    @ParameterizedTest
    @MethodSource("ios")
    void closesConnectionsThatAreQuietInOrder(String io) throws Exception {
        Certificates certificates = new Certificates(directory);
        Certificates.Issued own = certificates.localhost();
        SSLContext client = SSLContext.getInstance("TLS");
        client.init(null, new TrustManager[] {certificates.trustManager()}, null);
        String tls = "{\"certificate\":\"" + own.certificate().getFileName() + "\",\"key\":\""
                + own.key().getFileName() + "\",\"engine\":\"%s\"}";
        String file = write(
                "quiet.json",
                "{\"io\":\"" + io + "\",\"drainMillis\":3600000,\"listeners\":{\"tcp\":{\"port\":0},"
                        + "\"openssl\":{\"port\":0,\"tls\":" + tls.formatted("openssl") + "},"
                        + "\"jdk\":{\"port\":0,\"tls\":" + tls.formatted("jdk") + "},"
                        + "\"http\":{\"transport\":\"http\",\"port\":0},"
                        + "\"websocket\":{\"transport\":\"websocket\",\"port\":0}}}");
        List<Socket> sockets = new ArrayList<>();
        try (Vecho vecho = Vecho.serve("-c", file)) {
            sockets.add(new Socket("127.0.0.1", vecho.port("tcp")));
            sockets.add(client.getSocketFactory().createSocket("127.0.0.1", vecho.port("openssl")));
            sockets.add(client.getSocketFactory().createSocket("127.0.0.1", vecho.port("jdk")));
            for (Socket socket : sockets) {
                socket.getOutputStream().write(1);
                assertThat(socket.getInputStream().read()).isEqualTo(1);
            }
            Socket http = new Socket("127.0.0.1", vecho.port("http"));
            sockets.add(http);
            http.getOutputStream().write("GET / HTTP/1.1\r\nHost: here\r\n\r\n".getBytes(UTF_8));
            skipTo(http.getInputStream(), "comes back.\n");
            Socket webSocket = new Socket("127.0.0.1", vecho.port("websocket"));
            sockets.add(webSocket);
            webSocket.getOutputStream().write(UPGRADE.getBytes(UTF_8));
            skipTo(webSocket.getInputStream(), "\r\n\r\n");
            vecho.terminate();
            for (Socket socket : sockets) {
                if (socket == webSocket) {
                    // 1001: going away.
                    assertThat(socket.getInputStream().readNBytes(4)).containsExactly(0x88, 2, 0x03, 0xe9);
                    socket.shutdownOutput();
                }
                assertThat(socket.getInputStream().read()).as("the end").isEqualTo(-1);
                // An end without close_notify is an exception; the reply to it is what the server waits for a moment.
                socket.close();
            }
            Result result = vecho.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.err()).isEmpty();
            assertThat(result.out())
                    .contains("listener tcp: 1 connections, 0 refused, 0 failed, 1 bytes\n")
                    .contains("listener openssl: 1 connections, 0 refused, 0 failed, 1 bytes\n")
                    .contains("listener jdk: 1 connections, 0 refused, 0 failed, 1 bytes\n")
                    .contains("listener websocket: 1 connections, 0 refused, 0 failed, 0 bytes\n");
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private static void skipTo(InputStream in, String end) throws IOException {
        StringBuilder read = new StringBuilder();
        while (read.indexOf(end) < 0) {
            int next = in.read();
            assertThat(next).as("after " + read).isNotNegative();
            read.append((char) next);
        }
    }

    /** While something is under way, however slow its peer is. */
    @Test
    void letsAConnectionFinish() throws Exception {
        byte[] sent = new byte[32 << 20];
        Arrays.fill(sent, (byte) 7);
        try (Vecho vecho = Vecho.serve("-c", patient());
                Socket socket = new Socket("127.0.0.1", vecho.port("tcp"))) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    socket.getOutputStream().write(sent);
                    socket.shutdownOutput();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThat(socket.getInputStream().read()).isEqualTo(7);
            vecho.terminate();
            vecho.awaitLine("stopping");
            long start = System.nanoTime();
            byte[] rest = new byte[sent.length - 1];
            // Nobody reads for longer than a service waits where nothing is under way.
            assertThat(vecho.isAliveFor(2 * SECOND - (System.nanoTime() - start)))
                    .isTrue();
            assertThat(socket.getInputStream().readNBytes(rest, 0, rest.length)).isEqualTo(rest.length);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            sending.get(60, TimeUnit.SECONDS);
            assertThat(vecho.await().exitCode()).isZero();
        }
    }

    /** As {@code timeout} does, which sends its signal to the command and to the process group. */
    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void takesASignalThatComesTwiceForOneAndEndsOnALaterOne(String signal) throws Exception {
        try (Vecho vecho = Vecho.serve("-c", patient());
                Socket socket = new Socket("127.0.0.1", vecho.port("tcp"))) {
            keepBusy(socket);
            long first = System.nanoTime();
            vecho.signal(signal);
            vecho.awaitLine("stopping");
            while (vecho.isAliveFor(SECOND / 20)) {
                assertThat(System.nanoTime() - first).isLessThan(60 * SECOND);
                vecho.signal(signal);
            }
            assertThat(System.nanoTime() - first).isGreaterThanOrEqualTo(SECOND);
            assertThat(vecho.await().exitCode()).isEqualTo(128 + (signal.equals("INT") ? 2 : SIGTERM));
        }
    }

    /** So that a service does not end before it is told to. */
    private static void keepBusy(Socket socket) throws IOException {
        socket.setSoTimeout(60_000);
        byte[] block = new byte[1 << 16];
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                while (true) {
                    socket.getOutputStream().write(block);
                }
            } catch (IOException e) {
                // The service, or the test, has ended.
            }
        });
        assertThat(socket.getInputStream().read()).isZero();
        assertThat(sending).isNotCancelled();
    }

    @Test
    void isNotEndedByATerminalThatCloses() throws Exception {
        try (Vecho vecho = Vecho.serve("-c", patient())) {
            vecho.signal("HUP");
            Result check = Vecho.run("check", vecho.address("tcp"));
            assertThat(check.exitCode()).as(check.out() + check.err()).isZero();
            vecho.terminate();
            Result result = vecho.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.out()).contains("reloaded, nothing has changed");
            assertThat(result.err()).isEmpty();
        }
    }

    @Test
    void endsAChecksRunAndItsReportsWhenTheTerminalCloses() throws Exception {
        Path report = directory.resolve("report.json");
        try (Vecho vecho = Vecho.serve("-c", patient());
                Vecho check = Vecho.start("check", vecho.address("tcp"), "-n", "0", "--report", report.toString())) {
            check.awaitLine("tcp://");
            check.signal("HUP");
            Result result = check.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out()).contains(" passed, 0 failed");
            assertThat(Files.readString(report)).contains("\"cancelled\" : true");
        }
    }

    private String patient() throws Exception {
        return write("patient.json", "{\"drainMillis\":3600000,\"listeners\":{\"tcp\":{\"port\":0}}}");
    }

    private String write(String name, String content) throws Exception {
        return Files.writeString(directory.resolve(name), content).toString();
    }
}
