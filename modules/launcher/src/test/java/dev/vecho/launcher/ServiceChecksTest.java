package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The check of services beside the echo: those of Vecho on each transport, and those of xinetd. */
@Timeout(120)
class ServiceChecksTest {

    private static final List<String> SERVICES = List.of("chargen", "daytime", "discard", "time", "whoami");
    private static final Map<String, String> addresses = new HashMap<>();

    private static Vertx vertx;

    @TempDir
    Path directory;

    @BeforeAll
    static void serve() throws Exception {
        vertx = Launch.vertx("auto");
        JsonObject listeners = new JsonObject();
        for (String service : SERVICES) {
            JsonObject any =
                    new JsonObject().put("port", 0).put("host", "127.0.0.1").put("service", service);
            listeners
                    .put("tcp-" + service, any.copy())
                    .put("tls-" + service, any.copy().put("tls", new JsonObject().put("selfSigned", true)))
                    .put("http-" + service, any.copy().put("transport", "http").put("http2", false))
                    .put(
                            "h3-" + service,
                            any.copy()
                                    .put("transport", "http")
                                    .put("http3", true)
                                    .put("tls", new JsonObject().put("selfSigned", true)))
                    .put(
                            "quic-" + service,
                            any.copy().put("transport", "quic").put("tls", new JsonObject().put("selfSigned", true)))
                    .put("ws-" + service, any.copy().put("transport", "websocket"))
                    .put(
                            "bus-" + service,
                            new JsonObject()
                                    .put("transport", "eventbus")
                                    .put("address", "test." + service)
                                    .put("service", service))
                    .put(
                            "udp-" + service,
                            any.copy()
                                    .put("transport", "udp")
                                    .put("allow", "127.0.0.1")
                                    .put("maxDatagramsPerSecond", 1000));
        }
        listeners.put("tcp-echo", new JsonObject().put("port", 0).put("host", "127.0.0.1"));
        listeners.put(
                "udp-echo",
                new JsonObject().put("transport", "udp").put("port", 0).put("host", "127.0.0.1"));
        EchoServerVerticle server = new EchoServerVerticle();
        vertx.deployVerticle(
                        server,
                        new DeploymentOptions()
                                .setConfig(
                                        new JsonObject().put("drainMillis", 0).put("listeners", listeners)))
                .await(60, TimeUnit.SECONDS);
        server.listeners().forEach(listener -> addresses.put(listener.name(), last(listener.addresses())));
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private static Report check(String target, String steps) throws Exception {
        JsonObject json = new JsonObject("{\"steps\": [" + steps.replace('\'', '"') + "]}")
                .put("targets", target)
                .put("tls", new JsonObject().put("insecure", true));
        Script script =
                Script.parse(Buffer.buffer(json.encode()), Source.named("test"), Map.of(), Source.named("test"));
        return Run.open(vertx, script)
                .compose(run -> run.play(RunListener.NONE))
                .await(60, TimeUnit.SECONDS)
                .cases()
                .get(0)
                .rounds()
                .get(0);
    }

    /** That of HTTP/3 comes after those of TCP. */
    private static String last(List<String> all) {
        return all.get(all.size() - 1);
    }

    private static String address(String name) {
        return Objects.requireNonNull(addresses.get(name), name);
    }

    private static void assertPassed(Report report) {
        assertThat(report.diagnosis()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"tcp", "tls", "quic", "udp", "ws", "bus", "http", "h3"})
    void passesEachService(String transport) throws Exception {
        for (String service : SERVICES) {
            boolean requests = transport.equals("http") || transport.equals("h3");
            boolean otherwise = requests && List.of("chargen", "discard").contains(service);
            if (otherwise || (transport.equals("bus") && service.equals("discard"))) {
                // Not as a stream: a request is answered with some characters, or with 204. And a message on the bus is
                // not sent before it has a reply.
                continue;
            }
            String send = "{ 'send': { 'text': 'hello' } }, ";
            String close = requests ? "{ 'close': 'output' }, " : "";
            String expect = "{ 'expect': { 'service': '" + service + "' } }";
            boolean ends = (requests || List.of("tcp", "tls", "quic").contains(transport))
                    && !List.of("chargen", "discard").contains(service);
            Report report = check(
                    address(transport + "-" + service),
                    (transport.equals("tcp") || transport.equals("tls") ? "" : send)
                            + close
                            + expect
                            + (ends ? ", { 'expect': 'end' }" : ""));
            assertThat(report.diagnosis()).as(transport + " " + service).isNull();
        }
    }

    /** QUIC tells a listener of a stream with its first byte alone: who waits before that would blame it for its silence. */
    @Test
    void refusesToWaitOnAStreamThatNobodyKnowsOf() {
        for (String before : List.of("", "{ 'send': { 'text': 'a' } }, { 'reconnect': true }, ")) {
            assertThatThrownBy(() -> check(address("quic-daytime"), before + "{ 'expect': { 'service': 'daytime' } }"))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("hears of a stream with its first byte");
        }
    }

    @Test
    void failsAnEcho() throws Exception {
        for (String service : List.of("chargen", "daytime", "whoami")) {
            Diagnosis diagnosis = Objects.requireNonNull(check(
                            address("tcp-echo"),
                            "{ 'send': { 'text': 'hello\\n' } }, { 'expect': { 'service': '" + service + "' } }")
                    .diagnosis());
            assertThat(diagnosis.kind()).isEqualTo("unexpected: " + service);
            assertThat(diagnosis.step()).isEqualTo(1);
            assertThat(diagnosis.sentence()).startsWith("this is not the answer of " + service + ": ");
        }
        Diagnosis diagnosis = Objects.requireNonNull(
                check(address("udp-echo"), "{ 'send': { 'text': 'hello' } }, { 'expect': { 'service': 'time' } }")
                        .diagnosis());
        assertThat(diagnosis.kind()).isEqualTo("unexpected: time");
        for (String echo : List.of("tcp-echo", "udp-echo")) {
            Diagnosis echoed = Objects.requireNonNull(
                    check(address(echo), "{ 'send': { 'text': 'a' } }, { 'expect': { 'service': 'discard' } }")
                            .diagnosis());
            assertThat(echoed.kind()).isEqualTo("unexpected");
        }
    }

    @Test
    void tellsASilentServerFromOneThatStops() throws Exception {
        String steps = "{ 'expect': { 'service': 'chargen' }, 'withinMillis': 300 }";
        Diagnosis silent =
                Objects.requireNonNull(check(address("tcp-discard"), steps).diagnosis());
        assertThat(silent.kind()).isEqualTo("silent");
        try (ServerSocket server = new ServerSocket(0)) {
            Thread answering = new Thread(() -> {
                try (Socket client = server.accept()) {
                    client.getOutputStream().write(" !\"#".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            answering.start();
            Diagnosis cut = Objects.requireNonNull(
                    check("tcp://127.0.0.1:" + server.getLocalPort(), steps).diagnosis());
            assertThat(cut.kind()).isEqualTo("truncated");
            assertThat(cut.sentence()).isEqualTo("the peer closed within the answer of chargen, after 4 bytes");
            answering.join(60_000);
        }
    }

    @Test
    void comparesWhatTheFarEndSees() throws Exception {
        String values = "{ 'expect': { 'service': 'whoami', 'values': { '/transport': 'tcp', "
                + "'/remote': { 'pattern': '^127[.]0[.]0[.]1:[0-9]+$' }, '/tls': null } } }";
        assertPassed(check(address("tcp-whoami"), values));
        Diagnosis other =
                Objects.requireNonNull(check(address("tls-whoami"), values).diagnosis());
        assertThat(other.sentence())
                .isEqualTo("this is not the answer of whoami: /transport should be \"tcp\", and is \"tls\"");
    }

    /** Its chargen leaves out the space and the tilde, and begins again after 95 lines. */
    @Test
    void passesTheServicesOfXinetd() throws Exception {
        ForeignProgram xinetd = ForeignProgram.find("xinetd", "apt-get install xinetd");
        Map<String, Integer> ports = new HashMap<>();
        StringBuilder config = new StringBuilder("defaults\n{\n}\n");
        for (String service : List.of("chargen", "daytime", "discard", "time")) {
            ports.put(service, Ports.free());
            config.append("service ")
                    .append(service)
                    .append("\n{\n type = INTERNAL UNLISTED\n port = ")
                    .append(ports.get(service))
                    .append(
                            "\n socket_type = stream\n protocol = tcp\n wait = no\n disable = no\n bind = 127.0.0.1\n}\n");
        }
        Path file = Files.writeString(directory.resolve("xinetd.conf"), config);
        Process running = xinetd.start(
                "-f",
                file.toString(),
                "-dontfork",
                "-pidfile",
                directory.resolve("pid").toString());
        try {
            for (Map.Entry<String, Integer> service : ports.entrySet()) {
                awaitOpen(service.getValue());
                Report report = check(
                        "tcp://127.0.0.1:" + service.getValue(),
                        "{ 'expect': { 'service': '" + service.getKey() + "'"
                                + (service.getKey().equals("chargen") ? ", 'lines': 500" : "") + " } }");
                assertThat(report.diagnosis()).as(service.getKey()).isNull();
                if (service.getKey().equals("chargen")) {
                    assertThat(report.details()).containsEntry("chargenRing", "93 characters, without ' ' '~'");
                }
            }
        } finally {
            running.destroy();
            assertThat(running.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static void awaitOpen(int port) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try (Socket probe = new Socket("127.0.0.1", port)) {
                assertThat(probe.isConnected()).isTrue();
                return;
            } catch (IOException e) {
                assertThat(System.nanoTime()).as("xinetd listens").isLessThan(end);
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }
}
