package dev.vecho.transport.udp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ConfiguredService;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Services;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.Connector;
import dev.vecho.net.connect.Family;
import io.vertx.core.Vertx;
import java.util.Set;

/** UDP: datagrams over IPv4 and IPv6, as {@code udp://host:port}. */
public final class UdpTransport implements TestableTransport {

    @Override
    public String name() {
        return "udp";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("udp");
    }

    @Override
    public Framing framing() {
        return Framing.MESSAGES;
    }

    @Override
    public int maxMessageBytes() {
        return UdpSocket.MAX_BYTES_IPV4;
    }

    @Override
    public Set<String> families(Target target) {
        return Addresses.families(target.host());
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        ConfiguredService service = Services.readWithFaults(vertx, options, framing());
        return new UdpServerTransport(
                vertx, UdpListenerOptions.read(options, service == null ? null : new ServiceAnswers(service)));
    }

    /**
     * The same for a transport whose packets are datagrams of UDP: its listeners have the keys of UDP's, but for {@code service},
     * and its own, which it has read already.
     */
    public ServerTransport server(Vertx vertx, Options options, DatagramService service) {
        return new UdpServerTransport(vertx, UdpListenerOptions.read(options, service));
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        String host = target.hostOfSocket(options);
        // Known, but of no use here: one script may have targets with and without TLS.
        options.has("tls");
        target.refuseProxyHeader(options);
        Connector connector = new Connector(host, target.port(), Family.read(options));
        options.rejectUnknownKeys();
        return new UdpClientTransport(vertx, connector);
    }
}
