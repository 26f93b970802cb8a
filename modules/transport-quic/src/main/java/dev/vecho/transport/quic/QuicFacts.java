package dev.vecho.transport.quic;

import dev.vecho.net.SocketFacts;
import dev.vecho.net.service.SocketPeer;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicTransportParameters;
import io.netty.util.AttributeKey;
import io.vertx.core.json.JsonObject;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** What is known of the peer of a connection, for services. On the event loop of the connection only. */
final class QuicFacts {

    /** The only one that a listener takes. */
    private static final int VERSION = 1;

    private static final AttributeKey<String> SERVER_NAME = AttributeKey.valueOf(QuicFacts.class, "serverName");

    private QuicFacts() {}

    /** Keeps what Netty's session of TLS does not tell: the name that the client has asked for. */
    static void keepServerName(QuicChannel channel, @Nullable String name) {
        if (name != null && !name.isEmpty()) {
            channel.attr(SERVER_NAME).set(name);
        }
    }

    static JsonObject of(QuicChannel connection) {
        JsonObject facts = new JsonObject()
                .put("transport", "quic")
                .put("remote", SocketFacts.text(connection.remoteSocketAddress()))
                .put("local", SocketFacts.text(connection.localSocketAddress()));
        SSLEngine tls = connection.sslEngine();
        if (tls != null) {
            JsonObject agreed = SocketPeer.tls(tls, tls.getApplicationProtocol());
            String name = connection.attr(SERVER_NAME).get();
            facts.put("tls", name == null ? agreed : agreed.put("serverName", name));
        }
        JsonObject quic = new JsonObject().put("version", VERSION);
        QuicTransportParameters told = connection.peerTransportParameters();
        if (told != null) {
            quic.put("transportParameters", parameters(told));
        }
        return facts.put("quic", quic);
    }

    /** By their names in RFC 9000, section 18.2, and RFC 9221, section 3, as far as Netty tells them. */
    private static JsonObject parameters(QuicTransportParameters told) {
        return new JsonObject()
                .put("max_idle_timeout", told.maxIdleTimeout())
                .put("max_udp_payload_size", told.maxUdpPayloadSize())
                .put("initial_max_data", told.initialMaxData())
                .put("initial_max_stream_data_bidi_local", told.initialMaxStreamDataBidiLocal())
                .put("initial_max_stream_data_bidi_remote", told.initialMaxStreamDataBidiRemote())
                .put("initial_max_stream_data_uni", told.initialMaxStreamDataUni())
                .put("initial_max_streams_bidi", told.initialMaxStreamsBidi())
                .put("initial_max_streams_uni", told.initialMaxStreamsUni())
                .put("ack_delay_exponent", told.ackDelayExponent())
                .put("max_ack_delay", told.maxAckDelay())
                .put("disable_active_migration", told.disableActiveMigration())
                .put("active_connection_id_limit", told.activeConnIdLimit())
                .put("max_datagram_frame_size", told.maxDatagramFrameSize());
    }
}
