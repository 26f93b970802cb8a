package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonObject;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A check of much, or of many rounds, in a process with a small heap: it would not end well if it kept what it sent, what
 * came, or what each round found.
 */
class MemoryIT {

    private static final List<String> SMALL = List.of("-Xmx40m", "-XX:MaxDirectMemorySize=40m");

    @TempDir
    static Path directory;

    private static Vecho server;

    @BeforeAll
    static void serve() throws Exception {
        server = Vecho.serve(
                "-c",
                write(
                        "server.json",
                        "{\"listeners\":{\"tcp\":{\"port\":0},"
                                + "\"unix\":{\"transport\":\"unix\",\"path\":\"echo.sock\"},"
                                + "\"websocket\":{\"transport\":\"websocket\",\"port\":0}}}"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void checksManyTimesTheHeap() throws Exception {
        long size = 1L << 30;
        JsonObject round = check(server.address("tcp"), "--size", Long.toString(size))
                .getJsonArray("rounds")
                .getJsonObject(0);
        assertThat(round.getLong("bytesReceived")).isEqualTo(size);
    }

    @Test
    void playsTensOfThousandsOfRounds() throws Exception {
        // On a Unix domain socket, since connections over TCP would use up the ports.
        JsonObject summary =
                check(server.address("unix"), "-n", "20000", "-i", "0ms").getJsonObject("summary");
        assertThat(summary.getLong("passed")).isEqualTo(20_000);
        assertThat(summary.getJsonObject("roundTrips").getLong("count")).isEqualTo(20_000);
    }

    @Test
    void sendsHundredsOfThousandsOfBlocksAndMessages() throws Exception {
        String script = write(
                "many.json",
                "{\"steps\":[{\"send\":{\"random\":100},\"count\":300000,\"ratePerSecond\":1000000},"
                        + "{\"expect\":\"echo\"}]}");
        for (String listener : List.of("tcp", "websocket")) {
            JsonObject round = check(server.address(listener), "-s", script)
                    .getJsonArray("rounds")
                    .getJsonObject(0);
            assertThat(round.getLong("bytesReceived")).isEqualTo(30_000_000);
            assertThat(round.getJsonObject("roundTrips").getLong("count")).isPositive();
            assertThat(round.getJsonObject("corrected").getLong("count")).isEqualTo(300_000);
        }
    }

    @Test
    void peersThatDoNotReadLeaveMemoryForOthers() throws Exception {
        String configuration = write(
                "few.json",
                "{\"listeners\":{\"unix\":{\"transport\":\"unix\",\"path\":\"few.sock\"},"
                        + "\"tls\":{\"port\":0,\"tls\":{\"selfSigned\":true}},"
                        + "\"https\":{\"transport\":\"http\",\"port\":0,\"tls\":{\"selfSigned\":true}}}}");
        List<SocketChannel> peers = new ArrayList<>();
        try (Vecho few = Vecho.start(Map.of(), List.of("-XX:MaxDirectMemorySize=40m"), "serve", "-c", configuration)) {
            few.awaitLine("ready");
            // Each could have 64 KiB wait, together more than there is.
            for (int i = 0; i < 800; i++) {
                peers.add(SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve("few.sock"))));
            }
            long sent = sendUntilFull(peers);
            for (String listener : List.of("unix", "tls", "https")) {
                check(few.address(listener), "--insecure", "--size", "1000000");
            }
            assertThat(readToTheEnd(peers)).isEqualTo(sent);
        } finally {
            for (SocketChannel peer : peers) {
                peer.close();
            }
        }
    }

    /** Sends as long as any of them takes something within a second. */
    private static long sendUntilFull(List<SocketChannel> peers) throws Exception {
        long sent = 0;
        try (Selector selector = Selector.open()) {
            for (SocketChannel peer : peers) {
                peer.configureBlocking(false);
                peer.register(selector, SelectionKey.OP_WRITE);
            }
            ByteBuffer block = ByteBuffer.allocateDirect(1 << 16);
            while (selector.select(1000) > 0) {
                for (SelectionKey key : selector.selectedKeys()) {
                    sent += ((SocketChannel) key.channel()).write(block.clear());
                }
                selector.selectedKeys().clear();
            }
        }
        return sent;
    }

    private static long readToTheEnd(List<SocketChannel> peers) throws Exception {
        long came = 0;
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
        for (SocketChannel peer : peers) {
            peer.configureBlocking(true);
            peer.shutdownOutput();
            for (int read = 0; read >= 0; read = peer.read(buffer.clear())) {
                came += read;
            }
        }
        return came;
    }

    /** Checks one target, and returns what was found of its only case. */
    private static JsonObject check(String target, String... arguments) throws Exception {
        String[] all = new String[arguments.length + 4];
        all[0] = "check";
        all[1] = target;
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        all[all.length - 2] = "-o";
        all[all.length - 1] = "json";
        try (Vecho check = Vecho.start(Map.of(), SMALL, all)) {
            Result result = check.await();
            assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
            return new JsonObject(result.out()).getJsonArray("cases").getJsonObject(0);
        }
    }

    private static String write(String name, String content) throws Exception {
        return Files.writeString(directory.resolve(name), content).toString();
    }
}
