package dev.vecho.transport.quic;

import dev.vecho.core.Traffic;
import dev.vecho.net.tls.TlsServer;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.quic.QuicChannel;
import java.util.List;

/** Bytes on streams that go both ways, without a protocol of their own. */
final class EchoProtocol implements QuicProtocol {

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
        last.pipeline().addBefore(last.name(), null, new QuicEchoHandler(traffic, stream));
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
