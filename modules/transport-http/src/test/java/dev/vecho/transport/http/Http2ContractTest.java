package dev.vecho.transport.http;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.StreamContract;
import dev.vecho.testkit.TlsEngines;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** One stream of HTTP/2 is what other transports call a connection. */
@ParameterizedClass(name = "on {0} with TLS of {1}")
@MethodSource("combinations")
class Http2ContractTest extends StreamContract {

    private static final String NO_TLS = "none";

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static SslContext client;

    private final String engine;

    Http2ContractTest(String io, String engine) {
        super(io);
        this.engine = engine;
    }

    static List<Arguments> combinations() {
        List<Arguments> combinations = new ArrayList<>();
        for (String io : Io.available()) {
            combinations.add(Arguments.of(io, NO_TLS));
        }
        combinations.addAll(TlsEngines.onOneIo());
        return combinations;
    }

    @BeforeAll
    static void makeCertificates() throws Exception {
        Certificates certificates = new Certificates(directory);
        certificate = certificates.localhost();
        client = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(certificates.trustManager())
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        "h2"))
                .build();
    }

    @Override
    protected Transport transport() {
        return new HttpTransport();
    }

    @Override
    protected JsonObject options() {
        JsonObject options = new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                // What is kept of a request is another matter: see LateReaderTest.
                .put("requestBufferMaxBytes", 1 << 20);
        return engine.equals(NO_TLS)
                ? options
                : options.put("tls", certificate.options().put("engine", engine));
    }

    /** What is kept of a request in memory comes on top. */
    @Override
    protected long bytesForAPeerThatDoesNotRead() {
        return super.bytesForAPeerThatDoesNotRead() + 4 * 65_536;
    }

    @Override
    protected boolean isDoneWhenQuiet() {
        return false;
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return new Http2Client(
                engine.equals(NO_TLS) ? null : client,
                new InetSocketAddress(target.host(), target.port()),
                receiveBuffer);
    }

    @Override
    protected boolean inFull() {
        return onUsualIo();
    }

    /** A handshake is the work of milliseconds. */
    @Override
    protected int shortConnections() {
        int most = engine.equals(NO_TLS) ? 4_000 : 1_000;
        return inFull() ? most : most / 2;
    }
}
