package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;

/** The textbook echo, as a service. */
public final class CopyService implements Service {

    @Override
    public String name() {
        return "copy";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        return new ConfiguredService() {
            @Override
            public boolean amplifies() {
                return false;
            }

            @Override
            public void serve(ServiceStream stream) {
                stream.pipeTo(stream);
            }

            @Override
            public Buffer answer(Peer peer, Buffer message) {
                return message.copy();
            }
        };
    }
}
