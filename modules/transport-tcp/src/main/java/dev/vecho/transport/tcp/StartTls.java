package dev.vecho.transport.tcp;

import dev.vecho.core.Receiver;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.connect.SocketConnector;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.net.tls.TlsConnection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * TLS on connections that were opened without. Options that are there are read and validated with all others; where there are
 * none nothing is read before it is needed, because reading the authorities that Java trusts takes time.
 */
final class StartTls {

    private final Vertx vertx;
    private final SocketConnector sockets;
    private final String host;
    private final int port;
    private volatile @Nullable TlsClient tls;

    StartTls(Vertx vertx, SocketConnector sockets, String host, int port, @Nullable TlsClient tls) {
        this.vertx = vertx;
        this.sockets = sockets;
        this.host = host;
        this.port = port;
        this.tls = tls;
    }

    /** Reads the key {@code tls} where it is there; else null. */
    static @Nullable TlsClient read(Options options, String host) {
        return options.has("tls") ? TlsClient.read(options.object("tls"), host) : null;
    }

    /** Begins TLS before a handler, on the channel's event loop. */
    Future<TlsConnection> begin(Channel channel, ChannelHandler before, Receiver receiver) {
        TlsClient ready = tls;
        if (ready != null) {
            return sockets.startTls(ready, channel, before, port, receiver);
        }
        return vertx.executeBlocking(this::readDefaults, false)
                .compose(read -> sockets.startTls(read, channel, before, port, receiver));
    }

    private TlsClient readDefaults() {
        Problems problems = new Problems();
        TlsClient read = TlsClient.read(Options.of(new JsonObject(), Source.named("tls"), problems), host);
        problems.throwIfAny();
        tls = Objects.requireNonNull(read);
        return read;
    }
}
