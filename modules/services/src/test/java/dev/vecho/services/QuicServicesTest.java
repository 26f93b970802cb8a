package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamServicesContract;
import dev.vecho.testkit.torture.QuicClients;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Each stream of QUIC is a connection of the service. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class QuicServicesTest extends StreamServicesContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;

    QuicServicesTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return List.of(usualIo(), "nio");
    }

    @BeforeAll
    static void makeCertificate() {
        certificate = new Certificates(directory).localhost();
    }

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0).put("tls", certificate.options());
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return QuicClients.soleStream(vertx(), new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    /** A stream begins with its first byte. */
    @Override
    protected void showUp(EchoClient client) throws IOException {
        client.out().write(1);
    }

    @Override
    protected void verify(JsonObject told) {
        assertThat(told.getString("transport")).isEqualTo("quic");
        assertThat(told.getString("remote")).startsWith("127.0.0.1:");
        assertThat(told.getJsonObject("tls").getMap())
                .containsEntry("version", "TLSv1.3")
                .containsEntry("alpn", "echo");
        assertThat(told.getJsonObject("quic").getInteger("version")).isEqualTo(1);
        assertThat(told.getJsonObject("quic")
                        .getJsonObject("transportParameters")
                        .getLong("initial_max_stream_data_bidi_local"))
                .isEqualTo(1 << 20);
    }

    private interface Served {
        void serve(Socket connection) throws IOException;
    }

    /** A server for one connection, which is passed on to it. */
    private Future<Void> server(ServerSocket server, Served served) {
        return inBackground(() -> {
            try (Socket connection = server.accept()) {
                served.serve(connection);
            }
            return null;
        });
    }

    private EchoClient proxied(ServerSocket server) throws Exception {
        JsonObject to = new JsonObject().put("to", "tcp://127.0.0.1:" + server.getLocalPort());
        JsonObject options = options().put("service", new JsonObject().put("proxy", to));
        EchoClient client = connect(listen(options), 0);
        showUp(client);
        return client;
    }

    @Test
    void passesBothHalvesOnToAServer() throws Exception {
        byte[] bytes = bytes(1 << 20, 1);
        try (ServerSocket server = new ServerSocket(0)) {
            Future<Void> served = server(server, connection -> {
                assertThat(connection.getInputStream().read()).isEqualTo(1);
                // Its half ends first, and it reads on.
                connection.getOutputStream().write(bytes);
                connection.shutdownOutput();
                assertThat(connection.getInputStream().readAllBytes()).isEqualTo(bytes);
            });
            try (EchoClient client = proxied(server)) {
                assertThat(client.in().readAllBytes()).isEqualTo(bytes);
                client.out().write(bytes);
                client.closeOutput();
                await(served);
            }
        }
        eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
        assertThat(traffic().failures()).isEmpty();
    }

    @Test
    void passesAResetOn() throws Exception {
        try (ServerSocket server = new ServerSocket(0)) {
            Future<Void> served = server(server, connection -> {
                assertThat(connection.getInputStream().read()).isEqualTo(1);
                connection.setSoLinger(true, 0);
            });
            try (EchoClient client = proxied(server)) {
                await(served);
                assertThatThrownBy(() -> client.in().read()).isInstanceOf(IOException.class);
            }
            Future<Void> broken = server(
                    server,
                    connection -> assertThatThrownBy(
                                    () -> connection.getInputStream().readAllBytes())
                            .isInstanceOf(IOException.class));
            EchoClient client = proxied(server);
            eventually("it is passed on", () -> traffic().snapshot().bytes() > 0);
            client.reset();
            await(broken);
        }
    }

    @Test
    void refusesDatagramsForWhatNeedsStreams() {
        assertThatThrownBy(() -> listen(options().put("service", "framed").put("datagrams", true)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("datagrams: must be false: the service needs a stream");
    }
}
