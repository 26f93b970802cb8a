package dev.vecho.transport.http;

import dev.vecho.core.config.Options;
import java.util.Map;

/**
 * What a user chooses of calls of gRPC.
 *
 * @param unary whether each message is a call of its own, for a method that takes one and returns one; default false, for all on one
 *     call of a method that streams both ways
 * @param compression whether messages are sent compressed by gzip; default false
 * @param headers the metadata to send; default none
 */
record GrpcClientOptions(boolean unary, boolean compression, RequestHeaders headers) {

    /** The key of these options among those of all transports. */
    static final String KEY = "grpc";

    private static final String OF_THE_CALL = "cannot be given: it belongs to the call";

    private static final Map<String, String> REFUSED = Map.of(
            "content-type",
            OF_THE_CALL,
            "grpc-accept-encoding",
            OF_THE_CALL,
            "grpc-timeout",
            "cannot be given: the script has limits of its own",
            GrpcFrames.ENCODING,
            "has an option of its own, compression");

    /** Reads the options. */
    static GrpcClientOptions read(Options options) {
        GrpcClientOptions read = new GrpcClientOptions(
                options.flag("unary", false),
                options.flag("compression", false),
                RequestHeaders.read(options, REFUSED));
        options.rejectUnknownKeys();
        return read;
    }
}
