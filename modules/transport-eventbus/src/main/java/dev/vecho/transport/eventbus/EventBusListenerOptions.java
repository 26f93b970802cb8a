package dev.vecho.transport.eventbus;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Services;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options of one listener on the event bus.
 *
 * @param address on the bus; default {@code vecho.echo}. Made of what a target such as {@code bus://vecho.echo} can hold:
 *     letters, digits, {@code .}, {@code _}, {@code ~}, {@code -}, and {@code /} between others
 * @param localOnly whether only senders of the same Vert.x instance reach it, not those of other members of a cluster;
 *     default false
 * @param maxMessageBytes the largest buffer, byte array or text (in UTF-8) that is echoed; a larger one is refused;
 *     1..1,073,741,824, default 16,777,216. It was received by then: Vert.x has no such bound on the way in
 * @param service null for the echo
 */
record EventBusListenerOptions(
        String address,
        boolean localOnly,
        int maxMessageBytes,
        @Nullable ConfiguredService service) {

    static final String DEFAULT_ADDRESS = "vecho.echo";
    static final int DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    private static @Nullable ConfiguredService readService(Vertx vertx, Options options) {
        for (String direction : options.has(Services.FAULTS) ? List.of("toPeer", "fromPeer") : List.<String>of()) {
            options.object(Services.FAULTS)
                    .object(direction)
                    .refuse("duplicate", "is not there on the event bus, where a message takes one reply");
        }
        return Services.readWithFaults(vertx, options, Framing.MESSAGES);
    }

    static EventBusListenerOptions read(Vertx vertx, Options options) {
        String address = options.text("address", DEFAULT_ADDRESS);
        if (!address.matches("[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*")) {
            options.problem(
                    "address",
                    "must be made of letters, digits, \".\", \"_\", \"~\", \"-\", and \"/\" between others, was \""
                            + address + "\"");
        }
        EventBusListenerOptions read = new EventBusListenerOptions(
                address,
                options.flag("localOnly", false),
                options.integer("maxMessageBytes", DEFAULT_MAX_MESSAGE_BYTES, 1, Bounds.MAX_BYTES),
                readService(vertx, options));
        options.rejectUnknownKeys();
        return read;
    }
}
