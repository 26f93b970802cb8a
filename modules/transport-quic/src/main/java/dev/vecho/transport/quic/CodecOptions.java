package dev.vecho.transport.quic;

import dev.vecho.net.tls.TlsServer;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.ssl.ClientAuth;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** The options that a codec of a listener is made with, for all its connections. */
record CodecOptions(
        Duration idle,
        int maxStreams,
        int maxUnidirectionalStreams,
        int maxStreamData,
        long maxData,
        boolean datagrams,
        boolean addressValidation,
        ClientAuth clientAuth,
        List<String> alpn) {

    /** How much longer than for its streams a connection waits for a sign of its peer, so that these end in order. */
    private static final Duration LONGER = Duration.ofSeconds(3);

    /** The same where streams are held to a rate: its peer has nothing to say while they are not read. */
    private static final Duration LONGER_AT_A_RATE = Duration.ofMinutes(1);

    /** What a peer may send on a stream that goes one way, and carries no echo, before it was read. */
    private static final int UNIDIRECTIONAL_WINDOW = 16 * 1024;

    static CodecOptions of(QuicListenerOptions options, QuicProtocol protocol) {
        TlsServer tls = Objects.requireNonNull(options.tls(), "validated before");
        boolean throttled = options.limits().rates().isLimited();
        return new CodecOptions(
                options.limits().idle().plus(throttled ? LONGER_AT_A_RATE : LONGER),
                options.maxStreams(),
                protocol.peerUnidirectionalStreams(),
                options.maxStreamData(),
                options.maxData(),
                options.datagrams(),
                options.addressValidation(),
                tls.clientAuth(),
                protocol.alpn(tls));
    }

    /** A builder of such codecs. What is not here is as quiche has it. */
    QuicServerCodecBuilder builder() {
        QuicServerCodecBuilder builder = new QuicServerCodecBuilder()
                .initialMaxStreamsBidirectional(maxStreams)
                .initialMaxStreamsUnidirectional(maxUnidirectionalStreams)
                .initialMaxStreamDataUnidirectional(UNIDIRECTIONAL_WINDOW)
                .initialMaxStreamDataBidirectionalRemote(maxStreamData)
                .initialMaxData(maxData)
                .maxIdleTimeout(idle.toMillis(), TimeUnit.MILLISECONDS)
                // PeerAddresses follows a peer that moves nevertheless.
                .activeMigration(false)
                .localConnectionIdLength(ConnectionId.BYTES);
        return datagrams
                ? builder.datagram(QuicListenerOptions.DATAGRAM_QUEUE, QuicListenerOptions.DATAGRAM_QUEUE)
                : builder;
    }
}
