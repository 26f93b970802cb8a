package dev.vecho.transport.http;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.RequestFaults;
import dev.vecho.core.VertxInternals;
import io.netty.channel.Channel;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/**
 * What a listener does on purpose.
 *
 * @param service with its faults
 * @param requests those of requests
 */
record HttpFaults(Vertx vertx, ConfiguredService service, RequestFaults requests) {

    /** Those of a service; null where it has none. */
    static @Nullable HttpFaults of(Vertx vertx, @Nullable ConfiguredService service) {
        RequestFaults requests = service == null ? null : service.requestFaults();
        return service == null || requests == null ? null : new HttpFaults(vertx, service, requests);
    }

    /** Makes what goes before the echo of a connection of HTTP/1.1. */
    FaultyExchange onConnection(Channel channel, HttpCarrier carrier) {
        return new FaultyExchange(requests, context(channel), carrier, true);
    }

    /** Makes what goes before the echo of a stream. */
    FaultyExchange onStream(Channel channel, HttpCarrier carrier) {
        return new FaultyExchange(requests, context(channel), carrier, false);
    }

    /** Makes what goes before the echo of a WebSocket. */
    FaultyFrames onWebSocket(Channel channel, HttpSocket socket, Peer peer) {
        return new FaultyFrames(requests, context(channel), socket, peer);
    }

    private Context context(Channel channel) {
        return VertxInternals.contextOn(vertx, channel.eventLoop());
    }
}
