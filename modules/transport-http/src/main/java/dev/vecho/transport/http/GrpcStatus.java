package dev.vecho.transport.http;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a call of gRPC ended, with the protocol's numbers. */
enum GrpcStatus {
    OK(0),
    CANCELLED(1),
    UNKNOWN(2),
    INVALID_ARGUMENT(3),
    DEADLINE_EXCEEDED(4),
    NOT_FOUND(5),
    ALREADY_EXISTS(6),
    PERMISSION_DENIED(7),
    RESOURCE_EXHAUSTED(8),
    FAILED_PRECONDITION(9),
    ABORTED(10),
    OUT_OF_RANGE(11),
    UNIMPLEMENTED(12),
    INTERNAL(13),
    UNAVAILABLE(14),
    DATA_LOSS(15),
    UNAUTHENTICATED(16);

    /** The name of the header, or trailer, that has it. */
    static final String HEADER = "grpc-status";

    /** The name of the one that explains it. */
    static final String MESSAGE = "grpc-message";

    private final int code;

    GrpcStatus(int code) {
        this.code = code;
    }

    /** The number that the protocol has for it. */
    int code() {
        return code;
    }

    /** The name in small letters with hyphens, such as {@code not-found}. */
    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The status that a header says; null where that is no number of a status. */
    static @Nullable GrpcStatus of(CharSequence code) {
        for (GrpcStatus each : values()) {
            if (Integer.toString(each.code).contentEquals(code)) {
                return each;
            }
        }
        return null;
    }

    /** What stands for a status of HTTP that is not 200, where the answer has none of gRPC: the protocol's own table. */
    static GrpcStatus ofHttp(CharSequence status) {
        return switch (status.toString()) {
            case "400" -> INTERNAL;
            case "401" -> UNAUTHENTICATED;
            case "403" -> PERMISSION_DENIED;
            case "404" -> UNIMPLEMENTED;
            case "429", "502", "503", "504" -> UNAVAILABLE;
            default -> UNKNOWN;
        };
    }
}
