package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.Transport;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Sends each {@linkplain Frame frame} back as it came, and closes a connection whose bytes are none. Keys: {@code maxHeaderBytes},
 * 4096 by default, and {@code maxContentBytes}, 1 GiB by default, which takes no memory.
 */
public final class FramedService implements Service {

    private static final int MAX_HEADER_BYTES = 4096;
    private static final long MAX_CONTENT_BYTES = 1 << 30;

    /** The largest number that each reader of JSON has exactly. */
    private static final long LARGEST = (1L << 53) - 1;

    @Override
    public String name() {
        return "framed";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        return new Framed(
                options.integer("maxHeaderBytes", MAX_HEADER_BYTES, 1, Frame.MAX_HEADER_BYTES),
                options.integer("maxContentBytes", MAX_CONTENT_BYTES, 0, LARGEST));
    }

    private record Framed(int maxHeaderBytes, long maxContentBytes) implements ConfiguredService {

        @Override
        public @Nullable String refusal(Transport.Framing carried) {
            return carried == Transport.Framing.STREAM ? null : "needs a stream, for a frame may be of any length";
        }

        @Override
        public boolean amplifies() {
            return false;
        }

        @Override
        public void serve(ServiceStream stream) {
            new FrameParser(stream, maxHeaderBytes, maxContentBytes)
                    .pipe()
                    .endOnFailure(false)
                    .to(stream)
                    .onFailure(cause -> {
                        if (cause instanceof FrameException wrong) {
                            stream.fail(wrong.reason(), String.valueOf(wrong.getMessage()));
                        }
                    });
        }

        @Override
        public Buffer answer(Peer peer, Buffer message) {
            throw new UnsupportedOperationException("refused");
        }
    }
}
