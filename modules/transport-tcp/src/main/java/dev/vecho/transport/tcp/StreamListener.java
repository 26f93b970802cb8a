package dev.vecho.transport.tcp;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.ConfiguredService.Welcome;
import dev.vecho.core.Listener;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.Metering;
import dev.vecho.net.connect.SentProxyHeader;
import dev.vecho.net.echo.EchoPipe;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.echo.ThrottledReads;
import dev.vecho.net.listen.AddressOwner;
import dev.vecho.net.listen.NetServers;
import dev.vecho.net.listen.SocketOptions;
import dev.vecho.net.service.LateReads;
import dev.vecho.net.service.ServicePipe;
import dev.vecho.net.service.ServicePipe.Before;
import dev.vecho.net.service.Silence;
import dev.vecho.net.tls.TlsOutput;
import dev.vecho.net.tls.TlsServer;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's net servers of one listener, for TCP or Unix domain sockets.
 *
 * <p>TLS and the PROXY header are put into the pipeline here, not by the {@link NetServer}: that one accepts with half
 * closing disallowed and calls its handler after the handshake, when the end of the input may have come already and may
 * have closed the channel with all that it held.
 */
final class StreamListener implements Listener {

    private final Vertx vertx;
    private final NetServers servers;
    private final Supplier<String> scheme;
    private final Supplier<ConnectionOptions> options;
    private final Gate gate;
    private final Traffic traffic;

    /**
     * Makes it; nothing is open yet.
     *
     * @param options asked for each connection
     * @param gate shared by all event loops of the listener
     */
    StreamListener(
            Vertx vertx,
            Supplier<SocketOptions> sockets,
            Supplier<String> scheme,
            Supplier<ConnectionOptions> options,
            Gate gate,
            Traffic traffic,
            AddressOwner owner) {
        this.vertx = vertx;
        this.servers = new NetServers(vertx, sockets, scheme, this::accept, traffic, owner);
        this.scheme = scheme;
        this.options = options;
        this.gate = gate;
        this.traffic = traffic;
    }

    /** What accepts the connections; drained with this listener. */
    NetServers servers() {
        return servers;
    }

    /** Runs on the connection's event loop, before anything is read from it. */
    private void accept(NetSocket socket) {
        ChannelHandlerContext last = VertxInternals.lastHandler(socket);
        ConnectionOptions options = this.options.get();
        // Behind a balancer the PROXY header tells who it is.
        boolean admitted = options.proxyProtocol() || gate.admission().admits(last.channel(), traffic);
        if (!admitted || !traffic.open(options.limits().maxConnections())) {
            // Not before the channel is registered, which is under way.
            last.executor().execute(socket::close);
            return;
        }
        // Else Vert.x would close it at once; the EchoPipe hears of it, too, and closes it when it is quiet.
        socket.shutdownHandler(grace -> {});
        last.channel().config().setAllocator(PooledByteBufAllocator.DEFAULT);
        ThrottledReads throttled = gate.throttle().newConnection();
        if (throttled != null) {
            last.pipeline().addFirst(throttled);
        }
        Welcome welcome =
                options.service() == null ? Welcome.PLAIN : options.service().welcome(traffic);
        if (welcome.silent()) {
            serve(socket, last, servicePipe(new Silence(), options, Before.NOTHING, throttled));
            return;
        }
        if (!welcome.delay().isZero()) {
            last.pipeline().addFirst(new LateReads(welcome.delay()));
        }
        if (options.proxyProtocol()) {
            addBefore(last, new HAProxyMessageDecoder());
            addBefore(last, new ProxyHeader(gate.admission(), traffic, options.service() != null));
        }
        if (options.tls() != null) {
            addBefore(last, new TlsOutput());
            addBefore(last, new WithheldReads());
            addBefore(
                    last,
                    options.wrongCertificates() == null
                            ? options.tls().newHandler(last.alloc())
                            : options.wrongCertificates()
                                    .newHandler(last.alloc(), false, () -> traffic.fault("certificates")));
        }
        if (options.service() == null) {
            serve(socket, last, new EchoPipe(traffic, options.limits(), throttled, options.tls() != null));
        } else {
            serve(socket, last, pipe(options, options.service(), throttled));
        }
    }

    private <P extends ChannelHandler & OpenConnection> void serve(
            NetSocket socket, ChannelHandlerContext last, P pipe) {
        addBefore(last, pipe);
        if (!vertx.isMetricsEnabled()) {
            // It has nothing to do from here on, and would keep 5 KB of queues for each connection. Closing a server
            // goes by the channels.
            last.pipeline().remove(last.handler());
        } else if (Metering.isPossible()) {
            Metering.watch(last.channel(), socket, pipe);
        }
    }

    private ServicePipe pipe(ConnectionOptions options, ConfiguredService service, @Nullable ThrottledReads throttled) {
        Before before =
                options.tls() != null ? Before.TLS : options.proxyProtocol() ? Before.PROXY_HEADER : Before.NOTHING;
        return servicePipe(service, options, before, throttled);
    }

    private ServicePipe servicePipe(
            ConfiguredService service, ConnectionOptions options, Before before, @Nullable ThrottledReads throttled) {
        return new ServicePipe(
                service, vertx.getOrCreateContext(), scheme.get(), traffic, options.limits(), before, throttled);
    }

    private static void addBefore(ChannelHandlerContext last, ChannelHandler handler) {
        last.pipeline().addBefore(last.name(), null, handler);
    }

    @Override
    public List<String> addresses() {
        return servers.addresses();
    }

    @Override
    public List<String> notes() {
        TlsServer tls = options.get().tls();
        return tls == null ? List.of() : tls.notes();
    }

    @Override
    public List<X509Certificate> certificates() {
        TlsServer tls = options.get().tls();
        return tls == null ? List.of() : tls.certificates();
    }

    @Override
    public JsonObject ownClient(String address) {
        ConnectionOptions now = options.get();
        JsonObject client = new JsonObject();
        if (now.tls() != null) {
            client.put("tls", now.tls().forOwnClient());
        }
        return now.proxyProtocol() ? client.put(SentProxyHeader.KEY, SentProxyHeader.ofNobody()) : client;
    }

    @Override
    public Future<Void> drain(Duration grace) {
        return servers.drain(grace);
    }
}
