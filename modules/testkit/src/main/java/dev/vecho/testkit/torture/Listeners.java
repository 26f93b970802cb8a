package dev.vecho.testkit.torture;

import dev.vecho.testkit.Certificates.Issued;
import io.vertx.core.json.JsonObject;
import java.util.Set;

/** The configuration of the service: a listener of each kind, and of those with small queues and other engines. */
final class Listeners {

    /**
     * Ends what has no connection left at once, and is long where one was forgotten: half of it is longer than QUIC waits for a
     * client whose last packet got lost.
     */
    static final int DRAIN_MILLIS = 150_000;

    /** A client on a machine that is busy on purpose is not idle because nothing is heard from it for a while. */
    private static final int QUIC_IDLE_MILLIS = 60_000;

    private static final int SMALL_QUEUE = 1024;
    private static final int HANDSHAKE_MILLIS = 60_000;

    private Listeners() {}

    /**
     * @param host what they bind
     */
    static JsonObject configuration(String io, String host, Issued issued) {
        JsonObject listeners = new JsonObject();
        // On a machine that is busy on purpose a handshake takes long.
        JsonObject tls = issued.options().put("handshakeTimeoutMillis", HANDSHAKE_MILLIS);
        JsonObject jdk = tls.copy().put("engine", "jdk");
        add(listeners, "tcp", "tcp", host);
        add(listeners, "tcp-small", "tcp", host).put("writeQueueBytes", SMALL_QUEUE);
        add(listeners, "tcp-proxy", "tcp", host).put("proxyProtocol", true);
        add(listeners, "tls", "tcp", host).put("tls", tls);
        add(listeners, "tls-small", "tcp", host).put("tls", tls).put("writeQueueBytes", SMALL_QUEUE);
        add(listeners, "tls-jdk", "tcp", host).put("tls", jdk);
        add(listeners, "tls-proxy", "tcp", host).put("tls", tls).put("proxyProtocol", true);
        add(listeners, "http", "http", host);
        add(listeners, "http-small", "http", host).put("writeQueueBytes", SMALL_QUEUE);
        add(listeners, "https", "http", host).put("tls", tls);
        add(listeners, "https-jdk", "http", host).put("tls", jdk);
        add(listeners, "udp", "udp", host).put("maxDatagramsPerSecond", 0);
        add(listeners, "quic", "quic", host).put("tls", issued.options()).put("idleTimeoutMillis", QUIC_IDLE_MILLIS);
        add(listeners, "quic-small", "quic", host)
                .put("tls", issued.options())
                .put("idleTimeoutMillis", QUIC_IDLE_MILLIS)
                .put("writeQueueBytes", SMALL_QUEUE);
        if (hasUnix(io)) {
            listeners.put("unix", unix("unix.sock"));
            listeners.put("unix-small", unix("unix-small.sock").put("writeQueueBytes", SMALL_QUEUE));
            listeners.put("unix-tls", unix("unix-tls.sock").put("tls", tls));
        }
        return new JsonObject().put("io", io).put("drainMillis", DRAIN_MILLIS).put("listeners", listeners);
    }

    /** Whether there are Unix domain sockets. */
    static boolean hasUnix(String io) {
        return Set.of("auto", "epoll", "kqueue").contains(io);
    }

    private static JsonObject add(JsonObject listeners, String name, String transport, String host) {
        JsonObject listener =
                new JsonObject().put("transport", transport).put("host", host).put("port", 0);
        listeners.put(name, listener);
        return listener;
    }

    private static JsonObject unix(String file) {
        return new JsonObject().put("transport", "unix").put("path", file);
    }
}
