package dev.vecho.management;

import dev.vecho.core.TransportException;
import dev.vecho.net.Addresses;
import dev.vecho.net.listen.AddressOwner;
import dev.vecho.net.listen.NetServers;
import dev.vecho.net.tls.TlsServer;
import dev.vecho.net.tls.VertxTls;
import dev.vecho.server.EchoService;
import dev.vecho.server.Section.Prepared;
import dev.vecho.server.Section.Running;
import io.netty.util.NetUtil;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http1ServerConfig;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerConfig;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The management listener: an HTTP server on each address of its host, all on one event loop. */
final class ManagementServer implements Running {

    private static final Logger LOG = LoggerFactory.getLogger(ManagementServer.class);

    /** Longer than the pause between two scrapes, which use one connection. */
    private static final Duration IDLE = Duration.ofSeconds(75);

    private static final int MAX_HEADER_BYTES = 16 * 1024;

    private final Vertx vertx;
    private final Api api;
    private final Clients clients = new Clients();
    private final List<HttpServer> servers = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();
    private final List<SocketAddress> claimed = new ArrayList<>();
    private final AddressOwner owner = new AddressOwner();
    private ManagementOptions options;

    ManagementServer(Vertx vertx, ManagementOptions options, EchoService service) {
        this.vertx = vertx;
        this.options = options;
        this.api = new Api(vertx, service, clients, this::minClusterMembers);
    }

    /** Opens it, on the caller's event loop; where that fails, nothing stays open. */
    Future<Running> start() {
        api.start();
        return options.address()
                .bind(
                        vertx,
                        hosts -> options.address()
                                .openEach(hosts, options.address().port(), this::open, HttpServer::actualPort),
                        this::close)
                .<Running>map(opened -> {
                    if (!options.loopback() && options.tls() == null) {
                        LOG.warn("management: beyond this machine the token can be read on its way: give tls");
                    }
                    return this;
                })
                .recover(failure -> stop().transform(closed -> Future.failedFuture(named(failure))));
    }

    private static Throwable named(Throwable failure) {
        return failure instanceof TransportException known
                ? new TransportException(
                        known.fault(), known.reason(), "management: " + known.getMessage(), known.getCause())
                : failure;
    }

    private Future<HttpServer> open(InetAddress host, int port) {
        TlsServer tls = options.tls();
        HttpServerConfig config = new HttpServerConfig()
                .setVersions(HttpVersion.HTTP_1_0, HttpVersion.HTTP_1_1)
                .setHttp1Config(new Http1ServerConfig().setMaxHeaderSize(MAX_HEADER_BYTES))
                .setIdleTimeout(IDLE);
        HttpServer server =
                tls == null ? vertx.createHttpServer(config) : vertx.createHttpServer(config, VertxTls.options(tls));
        Requests requests = new Requests(vertx, api.routes(), this::gate, clients);
        server.connectionHandler(clients::opened);
        server.requestHandler(requests);
        server.invalidRequestHandler(requests);
        server.exceptionHandler(failure -> LOG.debug("connection: {}", failure.toString()));
        SocketAddress address = SocketAddress.inetSocketAddress(port, NetUtil.toAddressString(host));
        return NetServers.claim(vertx, address, owner)
                .onSuccess(own -> claimed.add(address))
                .compose(own -> server.listen(SocketAddress.inetSocketAddress(new InetSocketAddress(host, port))))
                .onSuccess(listening -> {
                    servers.add(listening);
                    addresses.add((tls == null ? "http" : "https") + "://"
                            + Addresses.format(NetUtil.toAddressString(host), listening.actualPort()));
                });
    }

    private int minClusterMembers() {
        return options.minClusterMembers();
    }

    private Gate gate() {
        return new Gate(options.token(), options.address().host());
    }

    @Override
    public boolean adopt(Prepared next) {
        if (!(next instanceof ManagementSection.On on)
                || !on.options().address().equals(options.address())
                || (on.options().tls() == null) != (options.tls() == null)) {
            return false;
        }
        options = on.options();
        api.askAgain();
        TlsServer tls = options.tls();
        if (tls != null) {
            servers.forEach(server -> server.updateSSLOptions(VertxTls.options(tls), true)
                    .onFailure(failure -> LOG.error("management: the certificate stays as it was", failure)));
        }
        return true;
    }

    @Override
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        notes.add(String.join(" ", addresses));
        if (options.tls() != null) {
            notes.addAll(options.tls().notes());
        }
        return notes;
    }

    private Future<Void> close() {
        Future<?> closed =
                Future.join(servers.stream().map(server -> server.close()).toList());
        servers.clear();
        addresses.clear();
        claimed.forEach(address -> NetServers.release(vertx, address, owner));
        claimed.clear();
        return closed.transform(ended -> Future.succeededFuture());
    }

    @Override
    public Future<Void> stop() {
        api.close();
        return close();
    }
}
