package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code vecho bench} as a process, on every transport. */
@Execution(ExecutionMode.CONCURRENT)
class BenchIT {

    @TempDir
    static Path directory;

    private static Vecho server;

    @BeforeAll
    static void serve() throws Exception {
        String tls = ",\"tls\":{\"selfSigned\":true}";
        String config = "{\"listeners\":{"
                + "\"tcp\":{\"port\":0},"
                + "\"tls\":{\"port\":0" + tls + "},"
                + "\"unix\":{\"transport\":\"unix\",\"path\":\"" + directory.resolve("echo.sock") + "\"},"
                + "\"udp\":{\"transport\":\"udp\",\"port\":0},"
                + "\"http\":{\"transport\":\"http\",\"port\":0},"
                + "\"https\":{\"transport\":\"http\",\"port\":0" + tls + "},"
                + "\"ws\":{\"transport\":\"websocket\",\"port\":0},"
                + "\"quic\":{\"transport\":\"quic\",\"port\":0" + tls + "}}}";
        server = Vecho.serve(
                "-c",
                Files.writeString(directory.resolve("server.json"), config).toString());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Result bench(String... arguments) throws Exception {
        return bench("1s", arguments);
    }

    private static Result bench(String duration, String[] arguments) throws Exception {
        String[] all = new String[arguments.length + 5];
        all[0] = "bench";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        System.arraycopy(new String[] {"-d", duration, "-w", "50ms"}, 0, all, arguments.length + 1, 4);
        return Vecho.run(all);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "tls", "unix", "udp", "http", "https", "ws", "quic"})
    void loadsEveryTransport(String listener) throws Exception {
        Result result = bench(server.address(listener), "--insecure", "-c", "3", "--depth", "2", "-o", "json");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.err()).isEmpty();
        JsonObject json = new JsonObject(result.out());
        assertThat(json.getString("verdict")).isEqualTo("passed");
        assertThat(json.getLong("messages")).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "tls", "unix", "http", "ws", "quic"})
    void opensNewConnections(String listener) throws Exception {
        // A busy machine may take a second to open the first ones.
        String[] arguments = {server.address(listener), "--insecure", "-c", "2", "--new-connections", "-o", "json"};
        Result result = bench("4s", arguments);
        for (int tries = 1; tries < 10 && result.out().contains("this process could not run"); tries++) {
            result = bench("4s", arguments);
        }
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.err()).isEmpty();
    }

    @Test
    void printsTextForPeople() throws Exception {
        Result result = bench(server.address("tcp"), "--rate", "500");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .contains("1 connection, 64 bytes, 500 a second, 1.0 s")
                .contains("from when due  min ")
                .contains("every byte that came back was the one that was sent");
    }

    @Test
    void comparesWithAnEarlierResult() throws Exception {
        JsonObject earlier =
                new JsonObject(bench(server.address("tcp"), "-o", "json").out());
        // A machine that a test shares with others is not to be compared with itself.
        Path slow = write("slow.json", earlier.copy().put("messagesPerSecond", 0.001));
        Result better = bench(server.address("tcp"), "--compare", slow.toString(), "--threshold", "1000000");
        assertThat(better.exitCode()).as(better.out() + better.err()).isZero();
        assertThat(better.out()).contains("messages a second").contains("better");
        Path fast = write("fast.json", earlier.copy().put("messagesPerSecond", 1e12));
        Result worse = bench(server.address("tcp"), "--compare", fast.toString());
        assertThat(worse.exitCode()).as(worse.out() + worse.err()).isEqualTo(1);
        assertThat(worse.out()).contains("100.0 % worse  FAILED");
        Result other = bench(server.address("tcp"), "--compare", fast.toString(), "--size", "65");
        assertThat(other.exitCode()).isEqualTo(2);
        assertThat(other.err()).isEqualTo(fast + ": size was 64 then, and is 65 now\n");
    }

    private static Path write(String name, JsonObject json) throws Exception {
        return Files.writeString(directory.resolve(name), json.encode());
    }

    @Test
    void saysThatNobodyListens() throws Exception {
        Result result = bench("tcp://127.0.0.1:1");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).startsWith("tcp://127.0.0.1:1: FAILED ").contains("127.0.0.1:1");
    }

    @Test
    void rejectsWrongUsage() throws Exception {
        Result result = bench(server.address("tcp"), "--connections", "0");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).startsWith("--connections: must be 1..1000000, was 0");
        assertThat(Vecho.run("bench", "pigeon://x:1").exitCode()).isEqualTo(2);
        Result option = bench(server.address("tcp"), "--option", "ws.compression=maybe");
        assertThat(option.exitCode()).isEqualTo(2);
        assertThat(option.err())
                .startsWith("command line: options.ws.compression: must be true or false, was \"maybe\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "HUP"})
    void printsWhatItHasWhenItIsInterrupted(String signal) throws Exception {
        CountDownLatch loaded = new CountDownLatch(1);
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread echo = new Thread(() -> echo(socket, loaded), "echo");
            echo.start();
            try (Vecho bench =
                    Vecho.start("bench", "tcp://127.0.0.1:" + socket.getLocalPort(), "-d", "1h", "-w", "0")) {
                assertThat(loaded.await(1, TimeUnit.MINUTES)).isTrue();
                bench.signal(signal);
                Result result = bench.await();
                assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
                assertThat(result.out()).contains("messages ");
            }
        }
    }

    private static void echo(ServerSocket listening, CountDownLatch loaded) {
        byte[] buffer = new byte[65_536];
        try (Socket socket = listening.accept()) {
            long echoed = 0;
            for (int n = socket.getInputStream().read(buffer);
                    n >= 0;
                    n = socket.getInputStream().read(buffer)) {
                socket.getOutputStream().write(buffer, 0, n);
                echoed += n;
                if (echoed > 10_000) {
                    loaded.countDown();
                }
            }
        } catch (IOException e) {
            // The test is over, or tells of it.
            return;
        }
    }
}
