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
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
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

    @Test
    void refusesDatagramsForWhatNeedsStreams() {
        assertThatThrownBy(() -> listen(options().put("service", "framed").put("datagrams", true)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("datagrams: must be false: the service needs a stream");
    }
}
