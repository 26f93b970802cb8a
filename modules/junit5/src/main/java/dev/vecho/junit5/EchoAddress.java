package dev.vecho.junit5;

import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.server.EchoService;
import io.vertx.core.net.SocketAddress;

/**
 * Where the echo server of a test listens.
 *
 * @param uri as a target of the check: {@code tcp://127.0.0.1:4711}
 * @param service the running server
 */
public record EchoAddress(String uri, EchoService service) {

    /** The IP address; empty for a Unix domain socket. */
    public String host() {
        String host = Target.parse(uri).host();
        return host == null ? "" : host;
    }

    /** The port that the system has chosen; -1 for a Unix domain socket. */
    public int port() {
        return Target.parse(uri).port();
    }

    /** As Vert.x's clients take it. */
    public SocketAddress socketAddress() {
        Target target = Target.parse(uri);
        return target.scheme().equals("unix")
                ? SocketAddress.domainSocketAddress(target.path())
                : SocketAddress.inetSocketAddress(target.port(), host());
    }

    /** The server's counters at this moment. */
    public Traffic.Snapshot traffic() {
        return service.listeners().get(0).traffic().snapshot();
    }
}
