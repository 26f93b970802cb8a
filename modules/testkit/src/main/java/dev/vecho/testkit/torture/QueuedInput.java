package dev.vecho.testkit.torture;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What an event loop hears, for a thread that reads it: bytes, then the end or a failure. */
final class QueuedInput extends InputStream {

    private static final int PATIENCE_SECONDS = 100;

    /** One of both; neither is the end. */
    private record Came(@Nullable Buffer bytes, @Nullable String failure) {}

    private final BlockingQueue<Came> queue = new LinkedBlockingQueue<>();
    private final Runnable wanted;
    private byte[] block = {};
    private int at;
    private @Nullable Came last;

    /**
     * @param wanted called where somebody waits for the next bytes
     */
    QueuedInput(Runnable wanted) {
        this.wanted = wanted;
    }

    /** Bytes have come; any thread. */
    void came(byte[] bytes) {
        queue.add(new Came(Buffer.buffer(bytes), null));
    }

    /** The end has come; any thread. */
    void ended() {
        queue.add(new Came(null, null));
    }

    /** It is broken; any thread. */
    void failed(String failure) {
        queue.add(new Came(null, failure));
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (at == block.length) {
            if (!next()) {
                return -1;
            }
        }
        int count = Math.min(length, block.length - at);
        System.arraycopy(block, at, bytes, offset, count);
        at += count;
        return count;
    }

    private boolean next() throws IOException {
        if (last == null) {
            Came next = take();
            if (next.bytes != null) {
                block = next.bytes.getBytes();
                at = 0;
                return true;
            }
            last = next;
        }
        if (last.failure != null) {
            throw new SocketException(last.failure);
        }
        return false;
    }

    private Came take() throws IOException {
        if (queue.isEmpty()) {
            wanted.run();
        }
        try {
            Came next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new IOException("nothing came for " + PATIENCE_SECONDS + " s");
            }
            return next;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
