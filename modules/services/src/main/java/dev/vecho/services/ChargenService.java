package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Sends lines of printable characters, as fast as its client takes them, until that one closes its output or the connection. What
 * comes is discarded. A message is answered with 1 to 512 of these characters.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc864">RFC 864</a>
 */
public final class ChargenService implements Service {

    private static final int LINE = 72;
    private static final int LINE_BYTES = LINE + 2;
    private static final int RING = '~' - ' ' + 1;
    private static final int MAX_MESSAGE = 512;

    /** All lines that there are, each one character further in the ring than the one before. */
    private static final Buffer LINES = lines();

    private static Buffer lines() {
        Buffer lines = Buffer.buffer(RING * LINE_BYTES);
        for (int line = 0; line < RING; line++) {
            for (int column = 0; column < LINE; column++) {
                lines.appendByte((byte) (' ' + (line + column) % RING));
            }
            lines.appendString("\r\n");
        }
        return lines;
    }

    @Override
    public String name() {
        return "chargen";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        return new Chargen();
    }

    private static final class Chargen implements ConfiguredService {

        @Override
        public boolean amplifies() {
            return true;
        }

        @Override
        public String contentType() {
            return "text/plain";
        }

        @Override
        public boolean readsMessages() {
            return false;
        }

        @Override
        public void serve(ServiceStream stream) {
            stream.handler(bytes -> {});
            stream.endHandler(ended -> stream.end());
            stream.shutdownHandler(shutdown -> stream.end());
            stream.drainHandler(room -> fill(stream));
            fill(stream);
        }

        private static void fill(ServiceStream stream) {
            while (!stream.writeQueueFull()) {
                stream.write(LINES);
            }
        }

        @Override
        public Buffer answer(Peer peer, Buffer message) {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            int line = random.nextInt(RING - MAX_MESSAGE / LINE_BYTES - 1);
            int count = 1 + random.nextInt(MAX_MESSAGE);
            return LINES.getBuffer(line * LINE_BYTES, line * LINE_BYTES + count);
        }
    }
}
