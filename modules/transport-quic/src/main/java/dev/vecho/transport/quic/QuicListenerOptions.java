package dev.vecho.transport.quic;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Faults.Carried;
import dev.vecho.core.Services;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.ConnectionLimits;
import dev.vecho.net.tls.TlsServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of one QUIC listener.
 *
 * @param address keys {@code host}, default {@code localhost}, and {@code port}, of UDP, default 7443, so that the echo
 *     of UDP datagrams may have 7007
 * @param limits of connections and streams. An idle stream, on which no byte moved either way, is ended, and a connection closed
 *     that had no stream for so long, or whose peer said nothing at all a little longer: 1 ms or more, default 30 s, since a UDP
 *     peer that has vanished leaves no other trace. The write queue is that of a stream
 * @param maxStreams bidirectional streams that a peer may have open on one connection; default 100
 * @param maxStreamData bytes that a peer may send on a stream before any was read; key {@code maxStreamDataBytes},
 *     default 262,144. The window of a stream that is read fast grows, up to 16 MiB
 * @param maxData bytes that a peer may send on a connection, all streams together, before any was read; key {@code
 *     maxDataBytes}. Default: no limit but those of the streams, for what stalled streams hold counts here, and would
 *     stall all others
 * @param datagrams answers datagrams too (RFC 9221), where the peer takes them; those that do not fit into a queue of
 *     {@link #DATAGRAM_QUEUE} are dropped; default true, unless the service needs streams
 * @param addressValidation answers the first packet of a peer with a Retry (RFC 9000, section 8.1.2), which costs a round
 *     trip, so that a forged source address gets less than was sent in its name, and no state is kept for it; default
 *     true
 * @param tls with ALPN {@code echo} where it names no protocol; null only where it is missing, which is a problem
 */
public record QuicListenerOptions(
        BindAddress address,
        ConnectionLimits limits,
        int maxStreams,
        int maxStreamData,
        long maxData,
        boolean datagrams,
        boolean addressValidation,
        @Nullable TlsServer tls) {

    static final int DATAGRAM_QUEUE = 256;

    /** How long a connection that says nothing is kept by default. */
    public static final Duration IDLE = Duration.ofSeconds(30);

    /** The most that a QUIC number can say; RFC 9000, section 16. */
    public static final long UNLIMITED = (1L << 62) - 1;

    /** What the connections of a listener carry that takes datagrams. */
    static final Set<Carried> BOTH = Set.of(Carried.STREAM, Carried.MESSAGES);

    /**
     * Reads the keys {@code service} and {@code faults}.
     *
     * @return null for the echo without faults
     */
    static @Nullable ConfiguredService readService(Vertx vertx, Options options) {
        ConfiguredService service = Services.read(vertx, options, Framing.STREAM);
        Options faults = options.object(Services.FAULTS);
        faults.refuse("handshakeDelay", "is not there for QUIC, whose handshake is over before a stream begins");
        faults.refuse("certificates", "is not there for QUIC so far: tcp and http over TLS have it");
        faults.refuse("neverAccept", "is not there for QUIC, whose socket has no queue of connections: see silent");
        Set<Carried> carried = datagrams(options, service) ? BOTH : Set.of(Carried.STREAM);
        return Services.withFaults(vertx, options, carried, service);
    }

    private static boolean datagrams(Options options, @Nullable ConfiguredService service) {
        return options.flag("datagrams", service == null || service.refusal(Framing.MESSAGES) == null);
    }

    /**
     * Reads all but what answers.
     *
     * @param service null for the echo
     */
    static QuicListenerOptions read(Vertx vertx, Options options, @Nullable ConfiguredService service) {
        BindAddress address = BindAddress.read(options, 7443);
        if (!options.has("tls")) {
            options.problem("tls", "is missing: QUIC is always encrypted, give a certificate and key or selfSigned");
        }
        QuicListenerOptions read = new QuicListenerOptions(
                address,
                ConnectionLimits.read(options, IDLE, Duration.ofMillis(1)),
                options.integer("maxStreams", 100, 1, Bounds.MAX_COUNT),
                options.integer("maxStreamDataBytes", 256 * 1024, 1024, Bounds.MAX_BYTES),
                options.integer("maxDataBytes", UNLIMITED, 1024, UNLIMITED),
                datagrams(options, service),
                options.flag("addressValidation", true),
                options.has("tls") ? QuicTls.readServer(options.object("tls"), address.host()) : null);
        String refusal = service == null ? null : service.refusal(Framing.MESSAGES);
        if (refusal != null && read.datagrams) {
            options.problem("datagrams", "must be false: the service " + refusal);
        }
        options.rejectUnknownKeys();
        return read;
    }

    /** What a listener has after these that takes over others of the same address. */
    QuicListenerOptions then(QuicListenerOptions next) {
        return new QuicListenerOptions(
                address,
                next.limits,
                next.maxStreams,
                next.maxStreamData,
                next.maxData,
                next.datagrams,
                next.addressValidation,
                TlsServer.keep(tls, next.tls));
    }
}
