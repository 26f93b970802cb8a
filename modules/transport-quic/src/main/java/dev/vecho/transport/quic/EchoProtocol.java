package dev.vecho.transport.quic;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Services;
import dev.vecho.core.Traffic;
import dev.vecho.net.service.Silence;
import dev.vecho.net.tls.TlsServer;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Vertx;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bytes on streams that go both ways, without a protocol of their own: the echo of each, or a service. */
final class EchoProtocol implements QuicProtocol {

    private final Vertx vertx;
    private final @Nullable ConfiguredService service;

    /**
     * Makes it.
     *
     * @param service of a listener; null for the echo
     */
    EchoProtocol(Vertx vertx, @Nullable ConfiguredService service) {
        this.vertx = vertx;
        this.service = service;
    }

    @Override
    public String scheme() {
        return "quic";
    }

    @Override
    public List<String> alpn(TlsServer tls) {
        return tls.alpn();
    }

    @Override
    public ApplicationErrorCodes errors() {
        return new ApplicationErrorCodes(QuicErrorCode.NONE, QuicErrorCode.STREAM_REFUSED, QuicErrorCode.STREAM_CUT);
    }

    /** An echo of a stream that goes one way has no way back. */
    @Override
    public int peerUnidirectionalStreams() {
        return 0;
    }

    @Override
    public boolean countsConnections() {
        return false;
    }

    @Override
    public void connected(ChannelHandlerContext last) {
        // There is nothing around its streams.
    }

    @Override
    public void opened(ChannelHandlerContext last, Traffic traffic, QuicEchoPipe stream) {
        last.pipeline().addBefore(last.name(), null, handler(traffic, stream));
    }

    private ChannelHandler handler(Traffic traffic, QuicEchoPipe stream) {
        if (service == null) {
            return new QuicEchoHandler(traffic, stream);
        }
        ConfiguredService served = service.welcome(traffic).silent() ? new Silence() : service;
        return new QuicServiceHandler(served, vertx.getOrCreateContext(), traffic, stream);
    }

    @Override
    public @Nullable ConfiguredService datagrams() {
        return service;
    }

    @Override
    public void replacedBy(QuicProtocol next) {
        Services.replace(service, next.datagrams());
    }

    @Override
    public void openedUnidirectional(ChannelHandlerContext last) {
        // A peer may open none.
    }

    @Override
    public void drains(QuicChannel connection) {
        // The protocol has no message for it: a stream that comes too late is refused.
    }

    @Override
    public boolean isDoneWhenQuiet() {
        return true;
    }
}
