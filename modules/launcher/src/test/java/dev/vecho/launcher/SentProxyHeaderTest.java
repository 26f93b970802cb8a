package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The check that begins its connections with a PROXY header: byte for byte, as Vecho reads it, and as haproxy does. */
@Timeout(120)
class SentProxyHeaderTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final int ATTEMPTS = 5;

    private static final String CONFIGURATION = """
            defaults
              timeout connect 10s
              timeout client 60s
              timeout server 60s
            frontend stream
              mode tcp
              bind 127.0.0.1:%1$d accept-proxy
              default_backend streams
            backend streams
              mode tcp
              server vecho %3$s send-proxy-v2
            frontend requests
              mode http
              bind 127.0.0.1:%2$d accept-proxy
              default_backend requests
            backend requests
              mode http
              option forwardfor
              server vecho %4$s
            """;

    @TempDir
    static Path directory;

    private static final Map<String, String> addresses = new HashMap<>();
    private static Vertx vertx;
    private static Process haproxy;
    private static int stream;
    private static int requests;

    @BeforeAll
    static void start() throws Exception {
        vertx = Launch.vertx("auto");
        JsonObject whoami =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).put("service", "whoami");
        JsonObject behind = whoami.copy().put("proxyProtocol", true);
        JsonObject listeners = new JsonObject()
                .put("tcp", behind)
                .put("tls", behind.copy().put("tls", new JsonObject().put("selfSigned", true)))
                .put("http", whoami.copy().put("transport", "http"));
        EchoServerVerticle server = new EchoServerVerticle();
        vertx.deployVerticle(server, new DeploymentOptions().setConfig(new JsonObject().put("listeners", listeners)))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        server.listeners()
                .forEach(listener ->
                        addresses.put(listener.name(), listener.addresses().get(0)));
        ForeignProgram program = ForeignProgram.find("haproxy", "apt-get install haproxy");
        for (int attempt = 1; haproxy == null; attempt++) {
            stream = Ports.free();
            requests = Ports.free();
            Path file = Files.writeString(
                    directory.resolve("haproxy.cfg"),
                    CONFIGURATION.formatted(stream, requests, socket("tcp"), socket("http")));
            Process started = program.start("-f", file.toString());
            if (Ports.listens(started, stream) && Ports.listens(started, requests)) {
                haproxy = started;
            } else if (attempt == ATTEMPTS) {
                throw new AssertionError("haproxy did not start: "
                        + new String(started.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
            }
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (haproxy != null) {
            haproxy.destroyForcibly();
            assertThat(haproxy.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        }
        if (vertx != null) {
            vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static String address(String name) {
        return Objects.requireNonNull(addresses.get(name), name);
    }

    private static String socket(String name) {
        String address = address(name);
        return address.substring(address.indexOf("://") + 3).replaceAll("/.*", "");
    }

    private static Script script(String target, String proxy, JsonArray steps) {
        return Script.of(
                new JsonObject()
                        .put("targets", target)
                        .put("tls", new JsonObject().put("insecure", true))
                        .put("proxy", new JsonObject(proxy.replace('\'', '"')))
                        .put("steps", steps),
                Source.named("script"));
    }

    private static Report play(String target, String proxy, JsonArray steps) throws Exception {
        return Run.open(vertx, script(target, proxy, steps))
                .compose(run -> run.play(RunListener.NONE))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .cases()
                .get(0)
                .rounds()
                .get(0);
    }

    private static JsonArray expecting(JsonObject values) {
        return new JsonArray()
                .add(new JsonObject()
                        .put("expect", new JsonObject().put("service", "whoami").put("values", values)))
                .add(new JsonObject().put("expect", "end"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'version': 1, 'source': '192.0.2.7:40000', 'destination': '198.51.100.2:443'}"
                        + "|PROXY TCP4 192.0.2.7 198.51.100.2 40000 443\\r\\n",
                "{'version': 1, 'source': '[2001:db8::7]:1', 'destination': '[2001:db8::8]:65535'}"
                        + "|PROXY TCP6 2001:db8::7 2001:db8::8 1 65535\\r\\n",
                "{'version': 1, 'local': true}|PROXY UNKNOWN\\r\\n",
            })
    void sendsVersion1AsText(String proxy, String expected) throws Exception {
        assertThat(new String(sent(proxy), StandardCharsets.US_ASCII))
                .isEqualTo(expected.replace("\\r\\n", "\r\n") + "x");
    }

    /** Section 2.2 of the PROXY protocol. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'source': '192.0.2.7:40000', 'destination': '198.51.100.2:443'}|2111000c" + "c0000207c6336402"
                        + "9c4001bb",
                "{'source': '[2001:db8::7]:1', 'destination': '[2001:db8::8]:65535'}|21210024"
                        + "20010db8000000000000000000000007" + "20010db8000000000000000000000008" + "0001ffff",
                "{'local': true}|20000000",
                "{'source': '192.0.2.7:40000', 'destination': '198.51.100.2:443', 'tlvs': [{'type': 'authority', 'text':"
                        + " 'a.example'}, {'type': 238, 'hex': '00ff'}, {'type': 'ssl', 'hex': '0100000000'}]}"
                        + "|21110025" + "c0000207c6336402" + "9c4001bb" + "020009612e6578616d706c65" + "ee000200ff"
                        + "2000050100000000",
            })
    void sendsVersion2AsBytes(String proxy, String expected) throws Exception {
        assertThat(HexFormat.of().formatHex(sent(proxy))).isEqualTo("0d0a0d0a000d0a515549540a" + expected + "78");
    }

    @Test
    void tellsItsOwnAddressesByDefault() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            CompletableFuture<String> line = CompletableFuture.supplyAsync(() -> {
                try (Socket socket = server.accept()) {
                    return socket.getPort() + " "
                            + new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            play("tcp://127.0.0.1:" + server.getLocalPort(), "{'version': 1}", sendingX());
            String[] words = line.get(PATIENCE_SECONDS, TimeUnit.SECONDS).split(" ", -1);
            assertThat(words[0]).isEqualTo(words[5]);
            assertThat(String.join(" ", words[1], words[2], words[3], words[4], words[6]))
                    .isEqualTo("PROXY TCP4 127.0.0.1 127.0.0.1 " + server.getLocalPort() + "\r\nx");
        }
    }

    private static JsonArray sendingX() {
        return new JsonArray()
                .add(new JsonObject().put("send", new JsonObject().put("text", "x")))
                .add(new JsonObject().put("close", "output"))
                .add(new JsonObject().put("expect", "end"));
    }

    /** What a server gets of a check that sends an x. */
    private static byte[] sent(String proxy) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            CompletableFuture<byte[]> all = CompletableFuture.supplyAsync(() -> {
                try (Socket socket = server.accept()) {
                    return socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            play("tcp://127.0.0.1:" + server.getLocalPort(), proxy, sendingX());
            return all.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, 1", "tcp, 2", "tls, 1", "tls, 2"})
    void isSeenAtTheFarEnd(String listener, int version) throws Exception {
        Report report = play(
                address(listener),
                "{'version': " + version + ", 'source': '192.0.2.7:40000', 'destination': '198.51.100.2:443'}",
                expecting(new JsonObject()
                        .put("/proxy/version", version)
                        .put("/proxy/source", "192.0.2.7:40000")
                        .put("/proxy/destination", "198.51.100.2:443")));
        assertThat(report.diagnosis()).isNull();
    }

    @Test
    void comesThroughHaproxyAsAStream() throws Exception {
        Report report = play(
                "tcp://127.0.0.1:" + stream,
                "{'source': '[2001:db8::7]:40000', 'destination': '[2001:db8::8]:443'}",
                expecting(new JsonObject().put("/proxy/source", "[2001:db8::7]:40000")));
        assertThat(report.diagnosis()).isNull();
    }

    @Test
    void comesThroughHaproxyWithARequest() throws Exception {
        JsonArray steps = new JsonArray().add(new JsonObject().put("close", "output"));
        expecting(new JsonObject().put("/http/headers", new JsonObject().put("pattern", "192.0.2.7")))
                .forEach(steps::add);
        Report report = play(
                "http://127.0.0.1:" + requests + "/",
                "{'source': '192.0.2.7:40000', 'destination': '198.51.100.2:80'}",
                steps);
        assertThat(report.diagnosis()).isNull();
    }

    @Test
    void saysWhatIsWrong() {
        assertWrong(
                "tcp://127.0.0.1:1",
                "{'source': 'example.org:1', 'version': 3, 'tlvs': [{'type': 0}, {'type': 'alpn', 'hex': '0'}]}",
                "script: proxy.version: must be 1..2, was 3",
                "script: proxy.source: must be an address with a port, such as 192.0.2.7:40000 or [2001:db8::7]:40000,"
                        + " was \"example.org:1\"",
                "script: proxy.destination: is missing: both are told, or neither",
                "script: proxy.tlvs[0].type: must be 1..255, was 0",
                "script: proxy.tlvs[0]: must have either text or hex",
                "script: proxy.tlvs[1].hex: must be pairs of hexadecimal digits, was \"0\"");
        assertWrong(
                "tcp://127.0.0.1:1",
                "{'source': '192.0.2.7:1', 'destination': '[::1]:1'}",
                "script: proxy.destination: must be of the same family as source");
        assertWrong(
                "tcp://127.0.0.1:1",
                "{'version': 1, 'tlvs': [{'type': 1, 'text': 'h2'}]}",
                "script: proxy.tlvs: need version 2");
        assertWrong(
                "quic://127.0.0.1:1",
                "{}",
                "script: proxy: has no meaning for quic://127.0.0.1:1, a PROXY header begins connections of TCP and Unix"
                        + " domain sockets");
    }

    private static void assertWrong(String target, String proxy, String... problems) {
        assertThatThrownBy(() -> play(target, proxy, sendingX()))
                .isInstanceOfSatisfying(
                        InvalidInputException.class,
                        wrong -> assertThat(wrong.problems()).containsExactlyInAnyOrder(problems));
    }
}
