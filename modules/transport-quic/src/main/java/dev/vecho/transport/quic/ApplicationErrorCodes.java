package dev.vecho.transport.quic;

/**
 * The codes with which an application's protocol ends a stream. For a connection there are none: see {@link QuicErrorCode}.
 *
 * @param none all is well; a peer may close a connection with it, too
 * @param streamRefused the listener is going away
 * @param streamCut it was cut with echoes still under way
 */
public record ApplicationErrorCodes(int none, int streamRefused, int streamCut) {}
