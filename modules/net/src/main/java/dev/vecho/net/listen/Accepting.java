package dev.vecho.net.listen;

import io.netty.channel.Channel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Whether the listening sockets of a listener accept connections; where they do not, the operating system keeps them waiting. Any thread. */
public final class Accepting {

    private final Set<Channel> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean on = true;

    /** Accepts from now on, what waits among it, or does not. */
    public void set(boolean accepts) {
        on = accepts;
        sockets.forEach(
                socket -> socket.eventLoop().execute(() -> socket.config().setAutoRead(on)));
    }

    boolean isOn() {
        return on;
    }

    /** Takes a socket, before it listens. */
    void add(Channel socket) {
        sockets.add(socket);
        socket.closeFuture().addListener(closed -> sockets.remove(socket));
        if (!on) {
            socket.config().setAutoRead(false);
        }
    }
}
