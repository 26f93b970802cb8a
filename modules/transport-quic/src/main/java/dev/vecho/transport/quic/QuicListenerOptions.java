package dev.vecho.transport.quic;

import dev.vecho.core.config.Options;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.tls.TlsServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The options of one QUIC listener.
 *
 * @param address keys {@code host}, default {@code localhost}, and {@code port}, of UDP, default 7443, so that the echo
 *     of UDP datagrams may have 7007
 * @param idle ends a stream when no byte moved either way for so long, closes a connection that had no stream for so
 *     long, or whose peer said nothing at all a little longer; key {@code idleTimeoutMillis}, 1 or more, default 30,000:
 *     a UDP peer that has vanished leaves no other trace
 * @param maxConnections further ones are closed right after their handshake; default 10,000
 * @param maxStreams bidirectional streams that a peer may have open on one connection; default 100
 * @param maxStreamData bytes that a peer may send on a stream before any was read; key {@code maxStreamDataBytes},
 *     default 262,144. The window of a stream that is read fast grows, up to 16 MiB
 * @param maxData bytes that a peer may send on a connection, all streams together, before any was read; key {@code
 *     maxDataBytes}. Default: no limit but those of the streams, for what stalled streams hold counts here, and would
 *     stall all others
 * @param datagrams echoes datagrams too (RFC 9221), where the peer takes them; those that do not fit into a queue of
 *     {@link #DATAGRAM_QUEUE} are dropped; default true
 * @param addressValidation answers the first packet of a peer with a Retry (RFC 9000, section 8.1.2), which costs a round
 *     trip, so that a forged source address gets less than was sent in its name, and no state is kept for it; default
 *     true
 * @param writeQueueBytes of a stream, how much may wait for a slow reader before its input is not read any more;
 *     default 65,536
 * @param tls with ALPN {@code echo} where it names no protocol; null only where it is missing, which is a problem
 */
public record QuicListenerOptions(
        BindAddress address,
        Duration idle,
        int maxConnections,
        int maxStreams,
        int maxStreamData,
        long maxData,
        boolean datagrams,
        boolean addressValidation,
        int writeQueueBytes,
        @Nullable TlsServer tls) {

    static final int DATAGRAM_QUEUE = 256;

    /** The most that a QUIC number can say; RFC 9000, section 16. */
    public static final long UNLIMITED = (1L << 62) - 1;

    static QuicListenerOptions read(Vertx vertx, Options options) {
        BindAddress address = BindAddress.read(options, 7443);
        if (!options.has("tls")) {
            options.problem("tls", "is missing: QUIC is always encrypted, give a certificate and key or selfSigned");
        }
        QuicListenerOptions read = new QuicListenerOptions(
                address,
                Duration.ofMillis(options.integer(
                        "idleTimeoutMillis", 30_000L, 1, Duration.ofDays(365).toMillis())),
                options.integer("maxConnections", 10_000, 1, Integer.MAX_VALUE),
                options.integer("maxStreams", 100, 1, 1 << 20),
                options.integer("maxStreamDataBytes", 256 * 1024, 1024, 1 << 30),
                options.integer("maxDataBytes", UNLIMITED, 1024, UNLIMITED),
                options.flag("datagrams", true),
                options.flag("addressValidation", true),
                options.integer("writeQueueBytes", 64 * 1024, 1024, 1 << 30),
                options.has("tls") ? QuicTls.readServer(vertx, options.object("tls"), address.host()) : null);
        options.rejectUnknownKeys();
        return read;
    }
}
