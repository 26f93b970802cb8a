package dev.vecho.transport.tcp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.Connector;
import dev.vecho.net.connect.Family;
import dev.vecho.net.connect.SentProxyHeader;
import dev.vecho.net.tls.TlsClient;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** TCP: streams of bytes over IPv4 and IPv6, plain as {@code tcp://host:port} or with TLS as {@code tls://host:port}. */
public final class TcpTransport implements TestableTransport {

    @Override
    public String name() {
        return "tcp";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("tcp", "tls");
    }

    @Override
    public Framing framing() {
        return Framing.STREAM;
    }

    @Override
    public Set<String> tlsVersions(Target target, boolean begun) {
        return begun || target.scheme().equals("tls") ? TlsClient.VERSIONS : Set.of();
    }

    @Override
    public Set<String> families(Target target) {
        return Addresses.families(target.host());
    }

    @Override
    public List<JsonObject> selftests(Path directory, JsonObject tls) {
        JsonObject ipv4 = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        return List.of(ipv4, ipv4.copy().put("tls", tls));
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        return new TcpServerTransport(vertx, TcpListenerOptions.read(vertx, options));
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        String host = target.hostOfSocket(options);
        TlsClient tls = null;
        TlsClient later = null;
        if (target.scheme().equals("tls")) {
            tls = TlsClient.read(options.object("tls"), host);
        } else {
            later = StartTls.read(options, host);
        }
        Connector connector = new Connector(host, target.port(), Family.read(options));
        SentProxyHeader header = SentProxyHeader.read(options);
        options.rejectUnknownKeys();
        return new TcpClientTransport(vertx, connector, tls, later, header);
    }
}
