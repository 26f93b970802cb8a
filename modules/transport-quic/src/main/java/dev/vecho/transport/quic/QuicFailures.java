package dev.vecho.transport.quic;

import dev.vecho.core.Addresses;
import dev.vecho.core.ConnectFailure;
import dev.vecho.core.TlsClient;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.quic.QuicClosedChannelException;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.handler.codec.quic.QuicTimeoutClosedChannelException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What went wrong on a client's connection, in the words that all transports share. */
final class QuicFailures {

    /** QUIC's error codes of TLS are alerts with this added; RFC 9001, section 4.8. */
    private static final int TLS_ALERT = 0x100;

    /** Alerts of TLS 1.3; RFC 8446, section 6. */
    private static final Map<Integer, String> ALERTS = Map.ofEntries(
            Map.entry(40, "handshake_failure"),
            Map.entry(42, "bad_certificate"),
            Map.entry(43, "unsupported_certificate"),
            Map.entry(44, "certificate_revoked"),
            Map.entry(45, "certificate_expired"),
            Map.entry(46, "certificate_unknown"),
            Map.entry(48, "unknown_ca"),
            Map.entry(70, "protocol_version"),
            Map.entry(112, "unrecognized_name"),
            Map.entry(116, "certificate_required"),
            Map.entry(120, "no application protocol in common (ALPN)"));

    private QuicFailures() {}

    /**
     * Why there is no connection.
     *
     * @param refusal why the server's certificate was not trusted, if it was not
     */
    static TransportException connect(String address, Throwable cause, @Nullable CertificateException refusal) {
        for (Throwable c = cause; c != null; c = c.getCause()) {
            if (c instanceof TransportException known) {
                return known;
            }
            if (c instanceof SSLException) {
                return new TransportException(Fault.TLS, TlsClient.reason(refusal == null ? cause : refusal), cause);
            }
            if (c instanceof QuicClosedChannelException closed && closed.event() != null) {
                return closed(address, closed.event());
            }
            if (c instanceof ConnectTimeoutException || c instanceof TimeoutException) {
                return new TransportException(Fault.TIMEOUT, address + " did not answer", cause);
            }
        }
        return ConnectFailure.of(cause).at(address);
    }

    /** What the peer said when it closed the connection. */
    static TransportException closed(String address, QuicConnectionCloseEvent event) {
        if (event.isTlsError()) {
            int alert = event.error() - TLS_ALERT;
            String name = ALERTS.getOrDefault(alert, "the peer sent alert " + alert);
            return new TransportException(Fault.TLS, TlsClient.reason(new SSLException(name)), null);
        }
        String reason = new String(event.reason(), StandardCharsets.UTF_8);
        return new TransportException(
                Fault.RESET,
                address + " closed the connection with " + (event.isApplicationClose() ? "application " : "") + "error "
                        + event.error() + (reason.isEmpty() ? "" : ": " + reason),
                null);
    }

    /** What broke a stream that was open. */
    static TransportException stream(String address, Throwable cause) {
        if (cause instanceof TransportException known) {
            return known;
        }
        if (cause instanceof QuicStreamResetException reset) {
            return new TransportException(
                    Fault.RESET, address + " reset the stream with error " + reset.applicationProtocolCode(), cause);
        }
        if (cause instanceof QuicTimeoutClosedChannelException) {
            return new TransportException(Fault.TIMEOUT, "nothing was heard from " + address + " for too long", cause);
        }
        if (cause instanceof ClosedChannelException) {
            return new TransportException(Fault.RESET, "the connection is closed", cause);
        }
        return new TransportException(Fault.RESET, Addresses.reason(cause), cause);
    }
}
