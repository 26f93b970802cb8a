package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.ForeignProgram;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A service that cannot accept a connection. */
@Execution(ExecutionMode.CONCURRENT)
class DescriptorsIT {

    /** A JVM with a service takes some sixty. */
    private static final int LIMIT = 160;

    @TempDir
    Path directory;

    static Stream<String> ios() {
        return Io.available().stream();
    }

    @ParameterizedTest
    @MethodSource("ios")
    void resetsConnectionsThatItHasNoDescriptorForAndGoesOn(String io) throws Exception {
        boolean unix = io.equals("epoll");
        String file = write(
                "few.json",
                "{\"io\":\"" + io + "\",\"drainMillis\":0,\"listeners\":{\"tcp\":{\"port\":0},"
                        + "\"tls\":{\"port\":0,\"tls\":{\"selfSigned\":true}},\"http\":{\"transport\":\"http\",\"port\":0}"
                        + (unix ? ",\"unix\":{\"transport\":\"unix\",\"path\":\"few.sock\"}" : "") + "}}");
        List<Socket> open = new ArrayList<>();
        try (Vecho vecho = Vecho.startWithin(Vecho.shell("ulimit -n " + LIMIT + ";"), List.of(), "serve", "-c", file)) {
            vecho.awaitLine("ready");
            int refused = 0;
            while (refused < 10) {
                Socket socket = connect(vecho, "tcp");
                if (isServed(socket)) {
                    open.add(socket);
                    assertThat(open)
                            .as("connections with %d descriptors", LIMIT)
                            .hasSizeLessThan(LIMIT);
                } else {
                    socket.close();
                    refused++;
                }
            }
            assertThat(open).isNotEmpty();
            for (String listener : List.of("tls", "http")) {
                try (Socket socket = connect(vecho, listener)) {
                    assertThat(isServed(socket)).as(listener).isFalse();
                }
            }
            if (unix) {
                assertThat(isServed(directory.resolve("few.sock"))).isFalse();
            }
            for (Socket socket : open) {
                assertThat(isServed(socket)).as("one that was open before").isTrue();
            }
            for (Socket socket : open.subList(0, open.size() / 2)) {
                socket.close();
            }
            // It may take a moment until the service has closed them, too.
            boolean served = false;
            for (int i = 0; i < 1000 && !served; i++) {
                try (Socket socket = connect(vecho, "tcp")) {
                    served = isServed(socket);
                }
            }
            assertThat(served).as("served again").isTrue();
            vecho.terminate();
            Result result = vecho.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.err().lines())
                    .satisfiesExactly(
                            atStart -> assertThat(atStart)
                                    .contains(
                                            "WARN",
                                            "listeners.http.maxConnections is 10000, listeners.tcp.maxConnections is"
                                                    + " 10000, listeners.tls.maxConnections",
                                            LIMIT + " files and sockets open (ulimit -n)"),
                            later -> assertThat(later).contains("WARN", "file descriptor"));
            assertThat(result.out())
                    .containsPattern(
                            "listener tcp: \\d+ connections, (\\d+) refused \\(\\1 for lack of a file descriptor\\)")
                    .containsPattern("listener http: 0 connections, 1 refused \\(1 for lack of a file descriptor\\)");
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    /** What accept(2) may fail with where nothing is wrong with the socket. */
    @ParameterizedTest
    @ValueSource(strings = {"ECONNABORTED", "ENOBUFS", "ENOMEM", "ENFILE", "EPROTO"})
    void goesOnAfterConnectionsThatCannotBeAccepted(String error) throws Exception {
        ForeignProgram strace = ForeignProgram.find("strace", "apt-get install strace");
        String file = write(
                "failing.json",
                "{\"io\":\"epoll\",\"listeners\":{\"unix\":{\"transport\":\"unix\",\"path\":\"f.sock\"},"
                        + "\"tcp\":{\"port\":0}}}");
        List<String> wrapper = List.of(
                strace.path().toString(),
                "-f",
                // Else each call of any thread stops it twice.
                "--seccomp-bpf",
                // The process that is started is the service.
                "-D",
                "-qq",
                "-o",
                directory.resolve("calls").toString(),
                "-e",
                "trace=accept4",
                "-e",
                "inject=accept4:error=" + error + ":when=1..6",
                "--");
        try (Vecho vecho = Vecho.startWithin(wrapper, List.of(), "serve", "-c", file)) {
            vecho.awaitLine("ready");
            for (int i = 0; i < 20; i++) {
                try (Socket socket = connect(vecho, "tcp")) {
                    assertThat(isServed(socket)).as("connection %d", i).isTrue();
                }
            }
            assertThat(Files.readString(directory.resolve("calls"))).contains("INJECTED");
            vecho.signal("TERM");
            String err = vecho.await().err();
            assertThat(err.lines()).as(err).hasSizeLessThanOrEqualTo(1);
        }
    }

    private static Socket connect(Vecho vecho, String listener) throws IOException {
        Socket socket = new Socket("127.0.0.1", vecho.port(listener));
        socket.setSoTimeout(60_000);
        return socket;
    }

    /** Whether a byte is answered, with whatever; otherwise the connection must be over. */
    private static boolean isServed(Socket socket) throws IOException {
        try {
            socket.getOutputStream().write("\n".getBytes(UTF_8));
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isServed(Path path) throws IOException {
        try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.connect(UnixDomainSocketAddress.of(path));
            socket.write(ByteBuffer.wrap(new byte[] {1}));
            return socket.read(ByteBuffer.allocate(1)) > 0;
        } catch (IOException e) {
            return false;
        }
    }

    private String write(String name, String content) throws Exception {
        return Files.writeString(directory.resolve(name), content).toString();
    }
}
