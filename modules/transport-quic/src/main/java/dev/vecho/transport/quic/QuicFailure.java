package dev.vecho.transport.quic;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.ConnectFailure;
import dev.vecho.net.tls.TlsClient;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.quic.QuicClosedChannelException;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.handler.codec.quic.QuicTimeoutClosedChannelException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** What went wrong on a client's connection, in the words that all transports share. */
final class QuicFailure {

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
            Map.entry(120, "no_application_protocol"));

    private QuicFailure() {}

    /**
     * Why there is no connection.
     *
     * @param tls knows why the server's certificate was not trusted, if it was not
     */
    static TransportException connect(String address, Throwable cause, TlsClient tls) {
        for (Throwable c = cause; c != null; c = c.getCause()) {
            if (c instanceof TransportException known) {
                return known;
            }
            if (c instanceof SSLException) {
                return tls.failureOfLast(cause);
            }
            if (c instanceof QuicClosedChannelException closed && closed.event() != null) {
                return closed(address, closed.event(), tls);
            }
            if (c instanceof ConnectTimeoutException || c instanceof TimeoutException) {
                return new TransportException(Fault.TIMEOUT, address + " did not answer", cause);
            }
        }
        return ConnectFailure.of(cause).at(address);
    }

    /** What the peer said when it closed the connection. */
    static TransportException closed(String address, QuicConnectionCloseEvent event, TlsClient tls) {
        if (event.isTlsError()) {
            int alert = event.error() - TLS_ALERT;
            String name = ALERTS.getOrDefault(alert, "the peer sent alert " + alert);
            return tls.failure(new SSLException(name));
        }
        String reason = reason(event);
        return new TransportException(
                Fault.RESET,
                event.error() == QuicErrorCode.NONE ? "closed" : null,
                address + " closed the connection with " + (event.isApplicationClose() ? "application " : "") + "error "
                        + event.error() + (reason.isEmpty() ? "" : ": " + reason),
                null);
    }

    private static String reason(QuicConnectionCloseEvent event) {
        try {
            return TlsClient.printable(new String(event.reason(), StandardCharsets.UTF_8));
        } catch (NullPointerException e) {
            // Where the peer gave none, Netty's event has a null to copy.
            return "";
        }
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
