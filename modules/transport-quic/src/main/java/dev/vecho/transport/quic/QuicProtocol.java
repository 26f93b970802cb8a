package dev.vecho.transport.quic;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Traffic;
import dev.vecho.net.tls.TlsServer;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.quic.QuicChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the streams of a listener's connections speak. Every method is called on the connection's event loop. */
public interface QuicProtocol {

    /** The scheme of the addresses that the listener tells. */
    String scheme();

    /** Its names for ALPN, in order of preference. */
    List<String> alpn(TlsServer tls);

    /** The codes that end its streams. */
    ApplicationErrorCodes errors();

    /** How many streams that go one way a peer may open on a connection. */
    int peerUnidirectionalStreams();

    /** Whether {@link Traffic} counts connections; else it counts their streams. */
    boolean countsConnections();

    /**
     * Prepares a connection, before any of its streams.
     *
     * @param last its last handler, before which others go
     */
    void connected(ChannelHandlerContext last);

    /**
     * Puts into a stream what reads and writes it.
     *
     * @param last its last handler, before which others go
     * @param stream is first in the pipeline
     */
    void opened(ChannelHandlerContext last, Traffic traffic, QuicEchoPipe stream);

    /**
     * Takes a stream of the peer's that goes one way.
     *
     * @param last its last handler, before which others go
     */
    void openedUnidirectional(ChannelHandlerContext last);

    /** What answers the datagrams of a connection; null for the echo. */
    default @Nullable ConfiguredService datagrams() {
        return null;
    }

    /** Tells what it serves that another listener's has taken its place. */
    default void replacedBy(QuicProtocol next) {
        // Most do not care.
    }

    /** Tells the peer that the listener takes no more streams. */
    void drains(QuicChannel connection);

    /**
     * Whether a stream on which all that came was echoed has nothing under way, so that it can end with a FIN before the peer
     * ends it; not where the peer has begun a request that has no end yet.
     */
    boolean isDoneWhenQuiet();
}
