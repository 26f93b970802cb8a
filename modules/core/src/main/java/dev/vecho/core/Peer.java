package dev.vecho.core;

import io.vertx.core.json.JsonObject;

/** Who a service talks to. */
@FunctionalInterface
public interface Peer {

    /**
     * What the transport knows of the peer and the way to it, now; a new object each time. On the event loop of the connection only.
     *
     * <p>Always there: {@code transport}, {@code remote} and {@code local}. Where they exist: {@code proxy}, {@code tls}, {@code http},
     * {@code webSocket}, {@code tcpInfo}.
     */
    JsonObject facts();
}
