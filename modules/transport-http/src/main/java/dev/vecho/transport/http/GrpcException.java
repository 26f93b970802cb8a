package dev.vecho.transport.http;

import java.io.Serial;

/** A call of gRPC cannot go on. */
final class GrpcException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final GrpcStatus status;

    /**
     * @param message for people, in printable ASCII without percent signs: it goes into a header as it is
     */
    GrpcException(GrpcStatus status, String message) {
        super(message);
        this.status = status;
    }

    GrpcStatus status() {
        return status;
    }
}
