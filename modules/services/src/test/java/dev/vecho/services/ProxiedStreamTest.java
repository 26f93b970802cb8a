package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.Ports;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.transport.tcp.TcpTransport;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An echo behind a proxy keeps all promises of the echo: back-pressure, half-closes, ends, drains. */
@ParameterizedClass(name = "on {0}, tls {1}, faults {2}")
@MethodSource("settings")
class ProxiedStreamTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Certificates.Issued certificate;
    private static SSLContext trusting;

    private final boolean tls;
    private final boolean faulty;

    ProxiedStreamTest(String io, boolean tls, boolean faulty) {
        super(io);
        this.tls = tls;
        this.faulty = faulty;
    }

    static List<Arguments> settings() {
        List<Arguments> settings = new ArrayList<>();
        Io.available().forEach(io -> settings.add(Arguments.of(io, false, false)));
        settings.add(Arguments.of(usualIo(), true, false));
        settings.add(Arguments.of(usualIo(), false, true));
        return settings;
    }

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificates = new Certificates(directory);
        certificate = certificates.localhost();
        trusting = SocketClient.trusting(certificates.trustManager());
    }

    @Override
    protected Transport transport() {
        return new TcpTransport();
    }

    private static JsonObject any() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    @Override
    protected JsonObject options() {
        try {
            String echo = await(behind(vertx(), tls ? any().put("tls", certificate.options()) : any()));
            if (!tls) {
                JsonObject options = any().put("service", new JsonObject().put("proxy", echo));
                return faulty ? options.put("faults", new JsonObject()) : options;
            }
            JsonObject proxy = new JsonObject().put("to", echo.replace("tls:", "tcp:"));
            JsonObject options = any().put("service", new JsonObject().put("proxy", proxy));
            proxy.put(
                    "tls",
                    new JsonObject().put("trust", certificates.authority().toString()));
            return options.put("tls", certificate.options());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Opens an echo of TCP that is behind, and tells its address. */
    static Future<String> behind(Vertx vertx, JsonObject options) {
        Promise<Listener> promise = Promise.promise();
        Problems problems = new Problems();
        ServerTransport server =
                new TcpTransport().server(vertx, Options.of(options, Source.named("behind"), problems));
        problems.throwIfAny();
        vertx.runOnContext(
                start -> server.listen(new Traffic().share(VertxInternals.eventLoop(vertx.getOrCreateContext())))
                        .onComplete(promise));
        return promise.future().map(listener -> listener.addresses().get(0));
    }

    @Override
    protected boolean inFull() {
        return false;
    }

    @Override
    protected int shortConnections() {
        return tls ? 100 : 1000;
    }

    @Override
    protected int connectionsAtOnce() {
        return tls ? 500 : super.connectionsAtOnce();
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        InetSocketAddress to = new InetSocketAddress(target.host(), target.port());
        return tls ? SocketClient.tls(trusting, "TLSv1.3", to, receiveBuffer) : SocketClient.tcp(to, receiveBuffer);
    }

    /** The echo behind is in this process, too, and so is what the proxy keeps for it. */
    @Override
    protected long bytesForAPeerThatDoesNotRead() {
        return 3 * super.bytesForAPeerThatDoesNotRead();
    }

    private String before(ServerSocket server) throws Exception {
        JsonObject proxy = new JsonObject().put("to", "tcp://127.0.0.1:" + server.getLocalPort());
        return listen(options().put("service", new JsonObject().put("proxy", proxy)));
    }

    private static ServerSocket server() throws IOException {
        return new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    }

    @Test
    void passesOnTheEndOfAServerThatReadsOn() throws Exception {
        try (ServerSocket server = server();
                EchoClient client = connect(before(server), 0);
                Socket accepted = server.accept()) {
            accepted.getOutputStream().write("hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            accepted.shutdownOutput();
            assertThat(new String(client.in().readNBytes(5), java.nio.charset.StandardCharsets.US_ASCII))
                    .isEqualTo("hello");
            assertThat(client.in().read()).isEqualTo(-1);
            byte[] late = bytes(1 << 20, 1);
            var got = inBackground(() -> accepted.getInputStream().readAllBytes());
            client.out().write(late);
            client.closeOutput();
            assertThat(await(got)).isEqualTo(late);
            eventually("it has ended", () -> traffic().snapshot().active() == 0);
            assertThat(traffic().failures()).isEmpty();
        }
    }

    @Test
    void resetsWhoseServerResets() throws Exception {
        try (ServerSocket server = server();
                EchoClient client = connect(before(server), 0)) {
            client.out().write(1);
            try (Socket accepted = server.accept()) {
                assertThat(accepted.getInputStream().read()).isEqualTo(1);
                accepted.setSoLinger(true, 0);
            }
            assertThatThrownBy(() -> client.in().read()).isInstanceOf(IOException.class);
            eventually("it has ended", () -> traffic().snapshot().active() == 0);
            assertThat(traffic().failures()).isEqualTo(Map.of(FailureReason.UPSTREAM.words(), 1L));
        }
    }

    @Test
    void resetsTheServerOfAClientThatResets() throws Exception {
        try (ServerSocket server = server();
                EchoClient client = connect(before(server), 0);
                Socket accepted = server.accept()) {
            client.out().write(1);
            assertThat(accepted.getInputStream().read()).isEqualTo(1);
            client.reset();
            assertThatThrownBy(() -> accepted.getInputStream().read()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void resetsWhereNobodyListens() throws Exception {
        JsonObject proxy = new JsonObject().put("to", "tcp://127.0.0.1:" + Ports.free());
        String address = listen(options().put("service", new JsonObject().put("proxy", proxy)));
        assertThatThrownBy(() -> {
                    try (EchoClient client = connect(address, 0)) {
                        client.in().read();
                    }
                })
                .isInstanceOf(IOException.class);
        eventually("it has ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).isEqualTo(Map.of(FailureReason.UPSTREAM.words(), 1L));
    }

    @Test
    void saysWhatIsWrong() {
        assertWrong(
                new JsonObject(),
                "service.proxy.to: is missing: where connections are passed on to, such as" + " tcp://localhost:5432");
        assertWrong(
                new JsonObject().put("to", "udp://localhost:1"),
                "service.proxy.to: must be tcp://host:port, unix:///path or unix:@name, where \"tls\" begins TLS, was"
                        + " \"udp://localhost:1\"");
        assertWrong(
                new JsonObject().put("to", "tls://localhost:1"),
                "service.proxy.to: must be tcp://host:port, unix:///path or unix:@name, where \"tls\" begins TLS, was"
                        + " \"tls://localhost:1\"");
    }

    private void assertWrong(JsonObject proxy, String problem) {
        assertThatThrownBy(() -> listen(any().put("service", new JsonObject().put("proxy", proxy))))
                .isInstanceOfSatisfying(
                        InvalidInputException.class,
                        wrong -> assertThat(wrong.problems()).containsExactly("test: " + problem));
    }
}
