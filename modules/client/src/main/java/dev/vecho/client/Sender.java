package dev.vecho.client;

import dev.vecho.core.Connection;
import dev.vecho.core.Transport.Carriage;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Sends payloads one after another, in the background, with a bounded number of bytes under way. Used on the connection's
 * event loop only.
 */
final class Sender {

    /** A message is held in memory, whole. */
    static final int MOST_IN_A_MESSAGE = 16 * 1024 * 1024;

    private static final int CHUNK = 64 * 1024;
    private static final int MOST_UNDER_WAY = 4;
    private static final int MOST_AT_ONCE = 16;

    private final Context context;
    private final Connection connection;
    private final Carriage carriage;
    private final LongSupplier nanoTime;
    private final Runnable progressed;
    private final Consumer<Throwable> failed;
    private final Deque<Payload> queue = new ArrayDeque<>();
    private final List<Long> startedAt = new ArrayList<>();
    private byte[] chunk = new byte[CHUNK];
    private long position;
    private long queued;
    private long handedOver;
    private long sent;
    private int underWay;
    private boolean pumping;
    private boolean stopped;
    private Output output = Output.OPEN;

    private enum Output {
        OPEN,
        CLOSE_AFTER_QUEUE,
        CLOSING,
        CLOSED
    }

    /**
     * Sends on an open connection.
     *
     * @param progressed called after each success
     * @param failed called after the first failure, with which sending stops
     */
    Sender(
            Context context,
            Connection connection,
            Carriage carriage,
            LongSupplier nanoTime,
            Runnable progressed,
            Consumer<Throwable> failed) {
        this.context = context;
        this.connection = connection;
        this.carriage = carriage;
        this.nanoTime = nanoTime;
        this.progressed = progressed;
        this.failed = failed;
    }

    /** Sends a payload, as one message where the connection carries messages, after all before. */
    void send(Payload payload) {
        queue.add(payload);
        queued += payload.size();
        pump();
    }

    /** Closes the output after all that is queued. */
    void closeOutput() {
        output = Output.CLOSE_AFTER_QUEUE;
        pump();
    }

    /** Sends nothing any more. */
    void stop() {
        stopped = true;
        queue.clear();
    }

    /** Whether all that was asked for is done. */
    boolean idle() {
        return queue.isEmpty() && underWay == 0 && (output == Output.OPEN || output == Output.CLOSED);
    }

    boolean outputClosed() {
        return output == Output.CLOSED;
    }

    boolean outputOpen() {
        return output == Output.OPEN;
    }

    /** Bytes that were asked to be sent. */
    long queued() {
        return queued;
    }

    /** Bytes that the connection has, or had: their echo can come from now on. */
    long handedOver() {
        return handedOver;
    }

    /** Bytes that the operating system took. */
    long sent() {
        return sent;
    }

    /** When the first byte of the n-th payload was handed over; n must be less than {@link #started}. */
    long startedAt(int n) {
        return startedAt.get(n);
    }

    /** How many payloads were begun. */
    int started() {
        return startedAt.size();
    }

    private void pump() {
        // A send may complete at once, and call this again before it returns.
        if (pumping || stopped) {
            return;
        }
        pumping = true;
        try {
            int turns = 0;
            while (!queue.isEmpty() && underWay < MOST_UNDER_WAY) {
                if (turns++ == MOST_AT_ONCE) {
                    // Where every send completes at once, receiving must get its turn.
                    context.runOnContext(again -> pump());
                    return;
                }
                sendChunk(queue.element());
            }
            if (!stopped && queue.isEmpty() && output == Output.CLOSE_AFTER_QUEUE) {
                output = Output.CLOSING;
                connection.closeOutput().onComplete(this::outputClosed);
            }
        } catch (RuntimeException | Error e) {
            // A file that shrank, or a defect in the transport: nobody else would hear of it.
            fail(e);
        } finally {
            pumping = false;
        }
    }

    private void sendChunk(Payload payload) {
        boolean message = carriage == Carriage.MESSAGES;
        long left = payload.size() - position;
        int length = (int) (message ? left : Math.min(left, CHUNK));
        if (position == 0) {
            startedAt.add(nanoTime.getAsLong());
        }
        if (length > chunk.length) {
            chunk = new byte[length];
        }
        payload.copy(position, chunk, length);
        position += length;
        if (position == payload.size()) {
            queue.remove();
            position = 0;
        }
        if (length > 0 || message) {
            underWay++;
            handedOver += length;
            connection.send(Buffer.buffer(length).appendBytes(chunk, 0, length)).onComplete(sent -> done(sent, length));
        }
    }

    private void done(AsyncResult<Void> result, int length) {
        underWay--;
        if (result.succeeded()) {
            sent += length;
            pump();
            progressed.run();
        } else {
            fail(result.cause());
        }
    }

    private void outputClosed(AsyncResult<Void> result) {
        output = Output.CLOSED;
        if (result.succeeded()) {
            progressed.run();
        } else {
            fail(result.cause());
        }
    }

    private void fail(Throwable cause) {
        if (!stopped) {
            stop();
            failed.accept(cause);
        }
    }
}
