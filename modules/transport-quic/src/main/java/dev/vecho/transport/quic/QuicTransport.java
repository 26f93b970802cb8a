package dev.vecho.transport.quic;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Faults.Carried;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.tls.TlsClient;
import io.netty.handler.codec.quic.Quic;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** QUIC, as {@code quic://host:port}: one bidirectional stream is what other transports call a connection. */
public final class QuicTransport implements TestableTransport {

    @Override
    public String name() {
        return "quic";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("quic");
    }

    @Override
    public Framing framing() {
        return Framing.STREAM;
    }

    /** QUIC has no frame that opens a stream. */
    @Override
    public boolean beginsWithFirstByte() {
        return true;
    }

    @Override
    public Set<Carried> faultsOn() {
        return QuicListenerOptions.BOTH;
    }

    @Override
    public Set<String> tlsVersions(Target target, boolean begun) {
        return Set.of(QuicTls.VERSION);
    }

    @Override
    public Set<String> families(Target target) {
        return Addresses.families(target.host());
    }

    @Override
    public List<JsonObject> selftests(Path directory, JsonObject tls) {
        return List.of(new JsonObject().put("host", "127.0.0.1").put("port", 0).put("tls", tls));
    }

    @Override
    public Optional<String> unavailable(Vertx vertx) {
        return unavailable();
    }

    /** Why QUIC cannot run here, and nothing on top of it; empty if it can. */
    public static Optional<String> unavailable() {
        try {
            return Quic.isAvailable() ? Optional.empty() : Optional.of(why(Quic.unavailabilityCause()));
        } catch (LinkageError e) {
            return Optional.of(why(e));
        }
    }

    private static String why(@Nullable Throwable cause) {
        Throwable root = cause;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        String detail = root == null ? "" : ": " + (root.getMessage() == null ? root.toString() : root.getMessage());
        return "the native library netty_quiche is missing for " + System.getProperty("os.name") + " on "
                + System.getProperty("os.arch") + detail;
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        ConfiguredService service = QuicListenerOptions.readService(vertx, options);
        QuicListenerOptions read = QuicListenerOptions.read(vertx, options, service);
        return new QuicServerTransport(vertx, read, new EchoProtocol(vertx, service), new Gate(read.limits()));
    }

    /** {@code alpn}: application protocols to offer, in order of preference. Default: those of TLS, which are {@code echo}. */
    private static List<String> readAlpn(Options own) {
        List<String> alpn = own.texts("alpn");
        if (own.has("alpn") && alpn.isEmpty()) {
            own.problem("alpn", "must have a protocol, for QUIC needs one");
        }
        own.rejectUnknownKeys();
        return alpn;
    }

    @Override
    public void validateOptions(Options own) {
        readAlpn(own);
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        String host = target.hostOfSocket(options);
        target.refuseProxyHeader(options);
        List<String> alpn = readAlpn(options.object("options").object(optionsKey()));
        return QuicClientTransport.read(vertx, options, host, target.port(), new QuicRequest() {
            @Override
            public List<String> alpn(TlsClient tls) {
                return alpn.isEmpty() ? tls.alpn() : alpn;
            }
        });
    }
}
