package dev.vecho.faults;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.ServiceStream;
import io.vertx.core.buffer.Buffer;

/** The echo as a service, where the transport's own is passed by. */
final class Echo implements ConfiguredService {

    @Override
    public boolean amplifies() {
        return false;
    }

    @Override
    public boolean echoes() {
        return true;
    }

    @Override
    public void serve(ServiceStream stream) {
        stream.pipeTo(stream);
    }

    @Override
    public Buffer answer(Peer peer, Buffer message) {
        return message.copy();
    }
}
