package dev.vecho.services;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.transport.tcp.TcpTransport;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A service that pipes its stream into itself keeps all promises of the echo: back-pressure, half-closes, ends, drains. */
@ParameterizedClass(name = "on {0}, tls {1}")
@MethodSource("settings")
class CopiedStreamTest extends StreamContract {

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static SSLContext trusting;

    private final boolean tls;

    CopiedStreamTest(String io, boolean tls) {
        super(io);
        this.tls = tls;
    }

    static List<Arguments> settings() {
        List<Arguments> settings = new ArrayList<>();
        Io.available().forEach(io -> settings.add(Arguments.of(io, false)));
        settings.add(Arguments.of(usualIo(), true));
        return settings;
    }

    @BeforeAll
    static void makeCertificates() throws Exception {
        Certificates certificates = new Certificates(directory);
        certificate = certificates.localhost();
        trusting = SocketClient.trusting(certificates.trustManager());
    }

    @Override
    protected Transport transport() {
        return new TcpTransport();
    }

    @Override
    protected JsonObject options() {
        JsonObject options =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).put("service", "copy");
        return tls ? options.put("tls", certificate.options()) : options;
    }

    @Override
    protected boolean inFull() {
        return false;
    }

    @Override
    protected int shortConnections() {
        return tls ? 200 : 2000;
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        InetSocketAddress to = new InetSocketAddress(target.host(), target.port());
        return tls ? SocketClient.tls(trusting, "TLSv1.3", to, receiveBuffer) : SocketClient.tcp(to, receiveBuffer);
    }
}
