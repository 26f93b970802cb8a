package dev.vecho.launcher;

import static dev.vecho.launcher.Waits.await;
import static dev.vecho.launcher.Waits.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.server.OpenListener;
import dev.vecho.testkit.Certificates;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a reload changes of a listener, transport by transport, while a connection that was open before has bytes echoed. */
@Timeout(180)
class ReloadTransportsTest {

    @TempDir
    Path directory;

    private final Vertx vertx = Launch.vertx(Io.AUTO);
    private final Vertx clients = Launch.vertx(Io.AUTO);

    @SuppressWarnings("NullAway.Init") // Each test serves first.
    private EchoServerVerticle service;

    private Path one;
    private Path other;

    @BeforeEach
    void authorities() throws Exception {
        one = Files.createDirectory(directory.resolve("one"));
        other = Files.createDirectory(directory.resolve("other"));
    }

    @AfterEach
    void stop() throws Exception {
        await(clients.close());
        await(vertx.close());
    }

    private void write(JsonObject listener) throws Exception {
        Files.writeString(
                directory.resolve("vecho.json"),
                new JsonObject()
                        .put("configScanMillis", 0)
                        .put("drainMillis", 600_000)
                        .put("listeners", new JsonObject().put("a", listener))
                        .encode());
    }

    private void serve(JsonObject listener) throws Exception {
        write(listener);
        service = new EchoServerVerticle(await(Configuration.load(vertx, List.of(directory.resolve("vecho.json")))));
        await(vertx.deployVerticle(service));
    }

    private Reload reload(JsonObject listener) throws Exception {
        write(listener);
        Reload reload = await(service.reload());
        assertThat(reload.problems()).isEmpty();
        assertThat(reload.outcome()).isEqualTo(Outcome.APPLIED);
        return reload;
    }

    private OpenListener listener() {
        return service.listeners().get(0);
    }

    private String address(String scheme) {
        return listener().addresses().stream()
                .filter(address -> address.startsWith(scheme + ":"))
                .findFirst()
                .orElseThrow(
                        () -> new AssertionError(scheme + " in " + listener().addresses()));
    }

    private Echoing connect(String scheme, JsonObject options) throws Exception {
        Echoing opened = await(Echoing.open(clients, address(scheme), options, 0));
        awaitEcho(opened);
        return opened;
    }

    /** Of what is sent from now on. */
    private static void awaitEcho(Echoing connection) throws Exception {
        long before = connection.received();
        eventually("an echo", () -> connection.received() > before + 10_000 || connection.fault() != null);
        assertThat(connection.fault()).isNull();
    }

    private static JsonObject trusting(Path authority) {
        return new JsonObject().put("tls", new JsonObject().put("trust", authority.toString()));
    }

    private static JsonObject any(String transport) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0);
    }

    static Stream<List<String>> encrypted() {
        return Stream.of(
                List.of("tcp", "tls"),
                List.of("http", "https"),
                List.of("http", "h3"),
                List.of("websocket", "wss"),
                List.of("quic", "quic"));
    }

    @ParameterizedTest
    @MethodSource("encrypted")
    void givesNewHandshakesTheNewCertificate(List<String> transportAndScheme) throws Exception {
        String scheme = transportAndScheme.get(1);
        Certificates before = new Certificates(one);
        Certificates after = new Certificates(other);
        JsonObject tls = before.localhost().options();
        JsonObject options = any(transportAndScheme.get(0)).put("tls", tls);
        serve(options);
        String address = address(scheme);
        Echoing old = connect(scheme, trusting(before.authority()));
        // The names stay, the files are others.
        Certificates.Issued next = after.localhost();
        Files.copy(next.certificate(), Path.of(tls.getString("certificate")), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(next.key(), Path.of(tls.getString("key")), StandardCopyOption.REPLACE_EXISTING);
        assertThat(reload(options).changes())
                .singleElement()
                .asString()
                .startsWith("listeners.a: changed the content of " + one);
        assertThat(address(scheme)).isEqualTo(address);
        // Several times each, for each event loop.
        for (int i = 0; i < 6; i++) {
            await(connect(scheme, trusting(after.authority())).stop());
            assertThatThrownBy(() -> await(Echoing.open(clients, address, trusting(before.authority()), 0)))
                    .as("a client that trusts the old one")
                    .isNotNull();
        }
        awaitEcho(old);
        await(old.stop());
        assertThat(old.fault()).isNull();
    }

    static Stream<String> counting() {
        return Stream.of("tcp", "http", "websocket", "quic", "unix");
    }

    @ParameterizedTest
    @MethodSource("counting")
    void givesNewConnectionsTheNewLimits(String transport) throws Exception {
        Certificates certificates = new Certificates(one);
        JsonObject options = transport.equals("unix")
                ? new JsonObject()
                        .put("transport", "unix")
                        .put("path", directory.resolve("echo.sock").toString())
                : any(transport);
        if (transport.equals("quic")) {
            options.put("tls", certificates.localhost().options());
        }
        serve(options.put("maxConnections", 1));
        String scheme = transport.equals("websocket") ? "ws" : transport;
        JsonObject trust = transport.equals("quic") ? trusting(certificates.authority()) : new JsonObject();
        Echoing first = connect(scheme, trust);
        reload(options.put("maxConnections", 3).put("idleTimeoutMillis", 3_600_000));
        Echoing second = connect(scheme, trust);
        awaitEcho(first);
        awaitEcho(second);
        if (transport.equals("unix")) {
            Path socket = directory.resolve("echo.sock");
            reload(options.put("mode", "0666"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-rw-rw-");
            awaitEcho(first);
        }
        await(first.stop());
        await(second.stop());
        assertThat(first.fault()).isNull();
        assertThat(second.fault()).isNull();
        assertThat(listener().traffic().snapshot().refused()).isZero();
    }

    /** Each with other options of QUIC, which its codec has for all of its connections. */
    @Test
    void keepsQuicConnectionsOverManyChangesOfTheirOptions() throws Exception {
        Certificates certificates = new Certificates(one);
        JsonObject options = any("quic").put("tls", certificates.localhost().options());
        JsonObject trust = trusting(certificates.authority());
        serve(options);
        Echoing[] connections = new Echoing[6];
        connections[0] = connect("quic", trust);
        for (int i = 1; i < connections.length; i++) {
            reload(options.copy()
                    .put("maxStreams", 100 + i)
                    .put("idleTimeoutMillis", 60_000 + i)
                    .put("maxStreamDataBytes", 65_536 * i)
                    .put("datagrams", i % 2 == 0)
                    .put("addressValidation", i % 2 == 0));
            connections[i] = connect("quic", trust);
        }
        for (Echoing connection : connections) {
            awaitEcho(connection);
        }
        for (Echoing connection : connections) {
            await(connection.stop());
            assertThat(connection.fault()).isNull();
        }
    }

    @Test
    void asksForClientCertificatesFromNowOn() throws Exception {
        Certificates certificates = new Certificates(one);
        JsonObject tls = certificates.localhost().options();
        JsonObject options = any("quic").put("tls", tls);
        serve(options);
        Echoing old = connect("quic", trusting(certificates.authority()));
        reload(any("quic")
                .put(
                        "tls",
                        tls.copy()
                                .put("clientAuth", "required")
                                .put("trust", certificates.authority().toString())));
        JsonObject own = trusting(certificates.authority());
        own.getJsonObject("tls").mergeIn(certificates.client("somebody").options());
        await(connect("quic", own).stop());
        Echoing without = await(Echoing.open(clients, address("quic"), trusting(certificates.authority()), 0)
                .recover(refused -> Future.succeededFuture(null)));
        // In TLS 1.3 a client may believe for a moment that it is let in.
        if (without != null) {
            eventually("it is turned away", () -> without.fault() != null);
        }
        awaitEcho(old);
    }

    @Test
    void changesTheRulesOfUdp() throws Exception {
        serve(any("udp"));
        Echoing first = connect("udp", new JsonObject());
        reload(any("udp")
                .put("maxDatagramsPerSecond", 1)
                .put("receiveBufferBytes", 65_536)
                .put("refusedSourcePorts", "9"));
        eventually(
                "datagrams are over the limit",
                () -> !listener().traffic().drops().isEmpty());
        assertThat(listener().traffic().drops()).containsKey("over the limit per second");
        assertThat(first.fault()).isNull();
        Reload reload = reload(any("udp"));
        assertThat(reload.changes())
                .contains("listeners.a.receiveBufferBytes: that of the system is taken when the service starts again");
        connect("udp", new JsonObject());
    }

    @Test
    void keepsTheSessionsOfStamp() throws Exception {
        serve(any("stamp"));
        Echoing first = connect("stamp", new JsonObject());
        reload(any("stamp").put("clockSource", "ntp").put("clockErrorMicros", 1).put("maxSessions", 5));
        awaitEcho(first);
        assertThat(first.fault()).isNull();
        reload(any("stamp").put("key", "of-now-on"));
        eventually(
                "packets without the key get no answer",
                () -> !listener().traffic().drops().isEmpty());
        assertThat(listener().traffic().drops().keySet())
                .containsAnyOf("too short for a test packet", "with a wrong HMAC");
    }

    @Test
    void changesTheLimitOfTheEventBus() throws Exception {
        JsonObject options = new JsonObject().put("transport", "eventbus").put("maxMessageBytes", 1);
        serve(options);
        assertThatThrownBy(() -> await(vertx.eventBus().request("vecho.echo", "long")))
                .hasMessageContaining("at most 1 byte");
        reload(options.put("maxMessageBytes", 100));
        assertThat(await(vertx.eventBus().request("vecho.echo", "long")).body()).isEqualTo("long");
    }

    /** Neither the port nor a moment is lost while the transport changes. */
    @Test
    void changesTheTransportOnTheSamePort() throws Exception {
        serve(any("tcp"));
        Echoing old = connect("tcp", new JsonObject());
        String port = address("tcp").substring("tcp".length());
        for (int i = 0; i < 5; i++) {
            reload(any("http"));
            assertThat(address("http")).endsWith(port);
            await(connect("http", new JsonObject()).stop());
            reload(any("tcp"));
            assertThat(address("tcp")).endsWith(port);
            await(connect("tcp", new JsonObject()).stop());
        }
        // One that drains may be ended when it is quiet for a second, as it is where the machine is busy.
        await(old.stop());
        assertThat(old.fault()).isNull();
    }

    @Test
    void addsHttp3AndTakesItAway() throws Exception {
        Certificates certificates = new Certificates(one);
        JsonObject options = any("http").put("tls", certificates.localhost().options());
        JsonObject trust = trusting(certificates.authority());
        serve(options.copy().put("http3", false));
        Echoing old = connect("https", trust);
        String port = address("https").substring("https".length());
        reload(options.copy());
        assertThat(address("h3")).endsWith(port);
        await(connect("h3", trust).stop());
        await(connect("https", trust).stop());
        reload(options.copy().put("http3", false));
        assertThat(listener().addresses()).containsExactly("https" + port);
        await(connect("https", trust).stop());
        awaitEcho(old);
    }
}
