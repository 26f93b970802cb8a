package dev.vecho.services;

import dev.vecho.core.FailureReason;

/** The end of a stream whose bytes are no frames. Its message says why, and has no text that the peer has sent. */
public final class FrameException extends Exception {

    private static final long serialVersionUID = 1;

    private final FailureReason reason;

    private FrameException(FailureReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    static FrameException malformed(String message) {
        return new FrameException(FailureReason.INPUT, message);
    }

    static FrameException unfinished(String message) {
        return new FrameException(FailureReason.UNFINISHED, message);
    }

    /** {@code INPUT} for what is malformed or too long; {@code UNFINISHED} where the stream ended within a frame. */
    public FailureReason reason() {
        return reason;
    }
}
