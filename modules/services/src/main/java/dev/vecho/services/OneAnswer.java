package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.ServiceStream;
import io.vertx.core.buffer.Buffer;

/** Says the same on each connection, and to each message, whatever comes: a connection ends after it. */
abstract class OneAnswer implements ConfiguredService {

    /** What it says now. */
    abstract Buffer answer(Peer peer);

    /** A datagram without a byte is answered with more. */
    @Override
    public final boolean amplifies() {
        return true;
    }

    @Override
    public final boolean readsMessages() {
        return false;
    }

    @Override
    public final void serve(ServiceStream stream) {
        stream.handler(bytes -> {});
        stream.write(answer(stream.peer()));
        stream.end();
    }

    @Override
    public final Buffer answer(Peer peer, Buffer message) {
        return answer(peer);
    }
}
