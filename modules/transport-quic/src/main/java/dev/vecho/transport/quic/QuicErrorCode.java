package dev.vecho.transport.quic;

/**
 * The error codes that end a stream or a connection.
 *
 * <p>A connection is closed with codes of QUIC itself only, never with one of the application: quiche, when it is told to
 * close so before the handshake is confirmed, sends packets without end.
 */
final class QuicErrorCode {

    /** All is well. */
    static final int NONE = 0;

    /** Of a stream: the listener is going away. */
    static final int STREAM_REFUSED = 1;

    /** Of a stream: it was cut with echoes still under way. */
    static final int STREAM_CUT = 2;

    /** Of a connection: there is no room, or the listener is going away; CONNECTION_REFUSED of RFC 9000, section 20.1. */
    static final int CONNECTION_REFUSED = 0x02;

    /** Of a connection: its client broke it off; INTERNAL_ERROR of RFC 9000, section 20.1. */
    static final int CONNECTION_RESET = 0x01;

    /** Of a connection: too many of its streams were broken off; PROTOCOL_VIOLATION of RFC 9000, section 20.1. */
    static final int CONNECTION_ABUSED = 0x0a;

    private QuicErrorCode() {}
}
