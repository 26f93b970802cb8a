package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.net.io.Io;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code vecho serve} as a process. */
class ServeIT {

    @TempDir
    Path directory;

    @Test
    void listensEchoesAndEndsWithZeroOnSigterm() throws Exception {
        try (Vecho vecho = Vecho.serve("-c", anyPort())) {
            assertThat(vecho.address("tcp")).startsWith("tcp://127.0.0.1:");
            try (Socket socket = new Socket("127.0.0.1", vecho.port("tcp"))) {
                socket.getOutputStream().write("hello".getBytes(UTF_8));
                assertThat(new String(socket.getInputStream().readNBytes(5), UTF_8))
                        .isEqualTo("hello");
            }
            vecho.terminate();
            Result result = vecho.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.err()).isEmpty();
            assertThat(result.out()).isEqualTo("stopping\nlistener tcp: 1 connections, 0 refused, 0 failed, 5 bytes\n");
        }
    }

    /** Netty's events for it take a tenth of a second and megabytes to make, in the event loop that frees the first buffer. */
    @Test
    void makesNothingForFlightRecorder() throws Exception {
        Path loaded = directory.resolve("loaded.log");
        try (Vecho vecho =
                Vecho.start(Map.of(), List.of("-Xlog:class+load:file=" + loaded), "serve", "-c", anyPort())) {
            vecho.awaitLine("ready");
            try (Socket socket = new Socket("127.0.0.1", vecho.port("tcp"))) {
                socket.getOutputStream().write(1);
                assertThat(socket.getInputStream().read()).isEqualTo(1);
                socket.shutdownOutput();
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
            vecho.terminate();
            assertThat(vecho.await().exitCode()).isZero();
        }
        assertThat(Files.readString(loaded))
                .contains("dev.vecho.net.echo.EchoPipe ")
                .doesNotContain("io.netty.buffer.AbstractAllocatorEvent ");
    }

    @Test
    void tellsWhatGotNoAnswerAndWhyWhenItEnds() throws Exception {
        String file = write(
                "udp.json",
                "{\"listeners\":{\"udp\":{\"transport\":\"udp\",\"host\":\"127.0.0.1\",\"port\":0,"
                        + "\"maxDatagramsPerSecond\":1}}}");
        try (Vecho vecho = Vecho.serve("-c", file);
                DatagramSocket socket = new DatagramSocket()) {
            socket.connect(InetAddress.getLoopbackAddress(), vecho.port("udp"));
            socket.setSoTimeout(50);
            DatagramPacket echo = new DatagramPacket(new byte[1], 1);
            // What was answered a second later says that all before it was seen, in the order in which it was sent.
            int dropped = -1;
            for (int sent = 1, answers = 0; answers < 2; sent++) {
                assertThat(sent).as("datagrams").isLessThan(100);
                socket.send(new DatagramPacket(new byte[] {(byte) sent}, 1));
                if (receives(socket, echo)) {
                    answers++;
                    dropped = echo.getData()[0] - 2;
                }
            }
            vecho.terminate();
            Matcher told = Pattern.compile(
                            ", (\\d+) datagrams without an answer \\((\\d+) over the limit per second\\)\n")
                    .matcher(vecho.await().out());
            assertThat(told.find()).isTrue();
            assertThat(told.group(1)).isEqualTo(told.group(2));
            assertThat(Integer.parseInt(told.group(1))).isPositive().isGreaterThanOrEqualTo(dropped);
        }
    }

    @Test
    void logsToStandardErrorWhenVerbose() throws Exception {
        try (Vecho vecho = Vecho.serve("-v", "-c", anyPort())) {
            vecho.terminate();
            assertThat(vecho.await().err()).contains("INFO  EchoServerVerticle: listener tcp: tcp on tcp://127.0.0.1:");
        }
    }

    @Test
    void logsWhatItIsToldInJson() throws Exception {
        try (Vecho vecho = Vecho.serve("--log-level", "info", "--log-format", "json", "-c", anyPort())) {
            vecho.terminate();
            List<JsonObject> lines =
                    vecho.await().err().lines().map(JsonObject::new).toList();
            assertThat(lines).isNotEmpty();
            assertThat(lines.get(0).getString("level")).isEqualTo("INFO");
            assertThat(lines.get(0).getString("formattedMessage")).startsWith("listener tcp: tcp on tcp://127.0.0.1:");
        }
    }

    @Test
    void takesTheEnvironmentOverFilesAndPropertiesOverBoth() throws Exception {
        String file = write("base.json", "{\"listeners\":{\"a\":{\"port\":1},\"b\":{\"port\":1}}}");
        try (Vecho vecho = Vecho.start(
                Map.of("VECHO__LISTENERS__A__PORT", "0", "VECHO__LISTENERS__B__PORT", "2"),
                List.of("-Dvecho.listeners.b.port=0"),
                "serve",
                "-c",
                file)) {
            vecho.awaitLine("ready");
            assertThat(vecho.port("a")).isGreaterThan(2);
            assertThat(vecho.port("b")).isGreaterThan(2);
        }
    }

    @Test
    void tellsAllErrorsAndOpensNothing() throws Exception {
        String file = write(
                "bad.json",
                "{\"listeners\":{\"a\":{\"port\":70000},\"b\":{\"transport\":\"pigeon\"},\"c\":{\"prot\":7007}}}");
        Result result = Vecho.run("serve", "-c", file);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines())
                .containsExactly(
                        file + ": listeners.a.port: must be 0..65535, was 70000",
                        file
                                + ": listeners.b.transport: must be one of eventbus, grpc, http, quic, stamp, tcp, udp, unix, websocket, was \"pigeon\"",
                        file + ": listeners.c.prot: is not a known key, did you mean \"port\"?");
    }

    @Test
    void tellsWhereJsonIsBroken() throws Exception {
        String broken = write("broken.json", "{\n  \"listeners\": {,}\n}");
        Result result = Vecho.run(
                "serve", "-c", broken, "-c", directory.resolve("none.json").toString());
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith(broken + ":2:"),
                        line -> assertThat(line).isEqualTo(directory.resolve("none.json") + ": no such file"));
    }

    @Test
    void namesListenerAndAddressThatCannotBeBound() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            Result result = Vecho.run(
                    "serve",
                    "-c",
                    write("taken.json", "{\"listeners\":{\"mine\":{\"host\":\"127.0.0.1\",\"port\":" + port + "}}}"));
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .isEqualTo("listeners.mine: cannot bind 127.0.0.1:" + port + ": address already in use\n");
        }
    }

    @ParameterizedTest
    @MethodSource("ios")
    void runsOnEachIo(String io) throws Exception {
        String file = write("io.json", "{\"io\":\"" + io + "\",\"listeners\":{\"tcp\":{\"port\":0}}}");
        if (Io.unavailable(io).isPresent()) {
            Result result = Vecho.run("serve", "-c", file);
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.err()).startsWith(file + ": io: " + io + " is not available here: ");
            return;
        }
        try (Vecho vecho = Vecho.start("serve", "-c", file)) {
            assertThat(vecho.awaitLine("ready")).startsWith("ready on " + io);
            Result check = Vecho.run("check", vecho.address("tcp"), "--size", "100000");
            assertThat(check.exitCode()).as(check.out()).isZero();
        }
    }

    static List<String> ios() {
        return Io.names().stream().filter(name -> !name.equals(Io.AUTO)).toList();
    }

    @Test
    void looksForItsNextEventAsLongAsItIsTold() throws Exception {
        assumeTrue(Io.unavailable("epoll").isEmpty(), "only with epoll");
        try (Vecho sleeping = Vecho.serve("-c", busyPoll(0));
                Vecho looking = Vecho.serve("-c", busyPoll(1000))) {
            // On a busy machine what is quick becomes slow, but not each time.
            long most = 0;
            long fewest = Long.MAX_VALUE;
            for (int i = 0; i < 1000 && (most < 40 || fewest > 6); i++) {
                most = Math.max(most, sleeps(sleeping, 60));
                fewest = Math.min(fewest, sleeps(looking, 60));
            }
            assertThat(most).isGreaterThanOrEqualTo(40);
            assertThat(fewest).isLessThanOrEqualTo(6);
        }
    }

    private String busyPoll(int micros) throws Exception {
        return write(
                micros + ".json",
                "{\"busyPollMicros\":" + micros + ",\"io\":\"epoll\",\"listeners\":{\"tcp\":{\"port\":0}}}");
    }

    /** How often the threads of a service gave up the processor, to be woken, during some echoes, one after the other. */
    private static long sleeps(Vecho vecho, int echoes) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", vecho.port("tcp"))) {
            socket.setTcpNoDelay(true);
            long before = vecho.voluntarySwitches();
            for (int i = 0; i < echoes; i++) {
                socket.getOutputStream().write(1);
                assertThat(socket.getInputStream().read()).isEqualTo(1);
            }
            return vecho.voluntarySwitches() - before;
        }
    }

    @Test
    void explainsItself() throws Exception {
        assertThat(Vecho.run("--help").out()).contains("serve", "check", "Exit codes:");
        assertThat(Vecho.run("serve", "--help").out()).contains("--config=FILE", "SIGTERM");
        assertThat(Vecho.run("check", "--help").out()).contains("TARGET", "--script", "Exit codes:");
        assertThat(Vecho.run("--version").out()).startsWith("vecho ");
        Result result = Vecho.run("server");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("serve");
        assertThat(Vecho.run().exitCode()).isEqualTo(2);
    }

    private String anyPort() throws Exception {
        return write("any.json", "{\"listeners\":{\"tcp\":{\"port\":0}}}");
    }

    private String write(String name, String content) throws Exception {
        return Files.writeString(directory.resolve(name), content).toString();
    }

    /** Whether one comes before the socket's time limit. */
    private static boolean receives(DatagramSocket socket, DatagramPacket into) throws IOException {
        try {
            socket.receive(into);
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }
}
