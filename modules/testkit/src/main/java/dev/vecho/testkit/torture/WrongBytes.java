package dev.vecho.testkit.torture;

import java.io.Serial;

/** The service has broken its promise: other bytes came back than were sent, or an orderly end before the last of them. */
final class WrongBytes extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    WrongBytes(String message) {
        super(message);
    }
}
