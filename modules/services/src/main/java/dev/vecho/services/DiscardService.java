package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads what comes, and answers nothing. A connection ends when its client has closed its output.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc863">RFC 863</a>
 */
public final class DiscardService implements Service {

    @Override
    public String name() {
        return "discard";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        return new Discard();
    }

    private static final class Discard implements ConfiguredService {

        @Override
        public boolean amplifies() {
            return false;
        }

        @Override
        public boolean readsMessages() {
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
}
