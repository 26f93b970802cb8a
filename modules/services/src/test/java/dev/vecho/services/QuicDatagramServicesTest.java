package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageServicesContract;
import dev.vecho.testkit.torture.QuicClients;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class QuicDatagramServicesTest extends MessageServicesContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;

    QuicDatagramServicesTest() {
        super(usualIo());
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
    protected MessageClient connect(String address) throws IOException {
        Target target = Target.parse(address);
        return QuicClients.datagrams(vertx(), new InetSocketAddress(target.host(), target.port()));
    }

    @Override
    protected void verify(JsonObject told) {
        assertThat(told.getString("transport")).isEqualTo("quic");
        assertThat(told.getJsonObject("quic").getInteger("version")).isEqualTo(1);
    }
}
