package dev.vecho.net.listen;

import io.vertx.core.net.SocketAddress;
import java.util.List;

/** A listener on net servers, as others see it that want its addresses: those of all its event loops are one. Any thread. */
public final class AddressOwner {

    private volatile boolean leaving;
    private volatile boolean inherits;
    private volatile List<SocketAddress> bound = List.of();
    private volatile Accepting accepting = new Accepting();

    /** What decides whether its sockets accept connections. */
    public Accepting accepting() {
        return accepting;
    }

    /** Says whether it is about to leave its addresses, so that others may take them. */
    public void leaves(boolean soon) {
        leaving = soon;
    }

    boolean leaves() {
        return leaving;
    }

    /** Whether a socket of another listener became its own, with the options that this one gave it. */
    boolean inherits() {
        return inherits;
    }

    void inherited() {
        inherits = true;
    }

    /** Has it bind the addresses of another, as they are, any free port among them. */
    public void takeAddresses(AddressOwner other) {
        bound = other.bound;
        accepting = other.accepting;
    }

    /** What it has bound, or is to bind; empty where that is not known yet. */
    List<SocketAddress> bound() {
        return bound;
    }

    void bound(List<SocketAddress> addresses) {
        bound = addresses;
    }
}
