package dev.vecho.net.service;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.ServiceStream;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** In place of a service: discards what comes, says nothing, and does not end before its client does. */
public final class Silence implements ConfiguredService {

    @Override
    public boolean amplifies() {
        return false;
    }

    @Override
    public void serve(ServiceStream stream) {
        stream.handler(bytes -> {});
        stream.endHandler(ended -> stream.end());
    }

    @Override
    public @Nullable Buffer answer(Peer peer, Buffer message) {
        return null;
    }
}
