package dev.vecho.client.play;

import dev.vecho.client.verify.Ledger;
import dev.vecho.client.verify.Plan;
import dev.vecho.client.verify.Plan.Sending;
import dev.vecho.core.Connection;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.VertxInternals;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends payloads one after another, in the background, with a bounded number of bytes under way. Used on the connection's
 * event loop only.
 */
public final class Sender {

    /** A message is held in memory, whole. */
    public static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    private static final int CHUNK = 64 * 1024;
    private static final int MAX_IN_FLIGHT = 4;
    private static final int MAX_BATCH = 16;

    /** Told what a sender does. */
    interface Progress {

        /** Bytes are handed over; valid during the call only. */
        void sending(Buffer bytes);

        /** The operating system took some bytes, or the end. */
        void progressed();

        /** The first failure, with which sending stops. */
        void sendFailed(Throwable cause);
    }

    /** A send that was asked for. */
    private static final class Task {
        final Sending sending;
        final int send;
        long block;

        /** In the payload. */
        long position;

        Task(Sending sending, int send) {
            this.sending = sending;
            this.send = send;
        }
    }

    private final Context context;
    private final Connection connection;
    private final Plan plan;
    private final Ledger ledger;
    private final LongSupplier nanoTime;
    private final Progress progress;
    private final Deque<Task> queue = new ArrayDeque<>();
    private byte[] chunk = new byte[0];
    private int sends;
    private long queued;
    private long sent;
    private int underWay;
    private boolean pumping;
    private boolean stopped;
    private @Nullable Future<?> alarm;
    private Output output = Output.OPEN;

    private enum Output {
        OPEN,
        CLOSE_AFTER_QUEUE,
        CLOSING,
        CLOSED
    }

    /** Sends on an open connection what a plan says, and notes it in a ledger. */
    Sender(Context context, Connection connection, Plan plan, Ledger ledger, LongSupplier nanoTime, Progress progress) {
        this.context = context;
        this.connection = connection;
        this.plan = plan;
        this.ledger = ledger;
        this.nanoTime = nanoTime;
        this.progress = progress;
    }

    /** Sends what is next in the plan, after all before. */
    void sendNext() {
        Sending sending = plan.sendings().get(sends);
        ledger.begin(sending, nanoTime.getAsLong());
        queue.add(new Task(sending, sends++));
        queued += sending.payload().size();
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
        cancelAlarm();
    }

    /** Whether all that was asked for is done. */
    boolean idle() {
        return queue.isEmpty() && underWay == 0 && (output == Output.OPEN || output == Output.CLOSED);
    }

    /** Whether all bytes that were asked to be sent are handed over to the connection. */
    boolean handedOver() {
        return queue.isEmpty();
    }

    /** Whether nothing is to be sent before its time comes. */
    boolean waitsForItsTime() {
        return alarm != null && underWay == 0;
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

    /** Bytes that the operating system took. */
    long sent() {
        return sent;
    }

    private void pump() {
        // A send may complete at once, and call this again before it returns.
        if (pumping || stopped) {
            return;
        }
        pumping = true;
        try {
            cancelAlarm();
            int turns = 0;
            while (!queue.isEmpty() && underWay < MAX_IN_FLIGHT) {
                if (turns++ == MAX_BATCH) {
                    // Where every send completes at once, this loop would keep the event loop from receiving.
                    context.runOnContext(again -> pump());
                    return;
                }
                if (!sendSome(queue.element())) {
                    return;
                }
            }
            if (!stopped && queue.isEmpty() && output == Output.CLOSE_AFTER_QUEUE) {
                output = Output.CLOSING;
                connection.closeOutput().onComplete(this::outputClosed);
            }
        } catch (RuntimeException | Error e) {
            // A file that shrank, or a defect in the transport: nobody else would report it.
            fail(e);
        } finally {
            pumping = false;
        }
    }

    /** Sends the next bytes of a task; returns false if it is not their time yet. */
    private boolean sendSome(Task task) {
        Sending sending = task.sending;
        boolean message = plan.framing() == Framing.MESSAGES;
        long end = (task.block + 1) * sending.block();
        boolean first = task.position == end - sending.block();
        long now = nanoTime.getAsLong();
        if (first && sending.count() > 1) {
            long wait = ledger.intendedAt(task.send, task.block) - now;
            if (sending.ratePerSecond() > 0 && wait > 0) {
                setAlarm(wait);
                return false;
            }
        }
        int length = (int) Math.min(end - task.position, message ? Integer.MAX_VALUE : CHUNK);
        if (first) {
            ledger.block(task.send, now);
        }
        if (length > chunk.length) {
            chunk = new byte[length];
        }
        sending.payload().copy(task.position, chunk, length);
        task.position += length;
        if (task.position == end) {
            task.block++;
        }
        if (task.block == sending.count()) {
            queue.remove();
        }
        if (length > 0 || message) {
            underWay++;
            ledger.bytes(length);
            Buffer bytes = Buffer.buffer(length).appendBytes(chunk, 0, length);
            progress.sending(bytes);
            connection.send(bytes).onComplete(sent -> done(sent, length));
        }
        return true;
    }

    private void done(AsyncResult<Void> result, int length) {
        underWay--;
        if (result.succeeded()) {
            sent += length;
            pump();
            progress.progressed();
        } else {
            fail(result.cause());
        }
    }

    private void outputClosed(AsyncResult<Void> result) {
        output = Output.CLOSED;
        if (result.succeeded()) {
            progress.progressed();
        } else {
            fail(result.cause());
        }
    }

    /** Goes on after that time. The timers of Vert.x are too coarse for that: a millisecond late would be measured. */
    private void setAlarm(long nanos) {
        alarm = VertxInternals.eventLoop(context)
                .schedule(() -> VertxInternals.dispatch(context, this::alarmed), nanos, TimeUnit.NANOSECONDS);
    }

    private void alarmed() {
        alarm = null;
        pump();
    }

    private void cancelAlarm() {
        if (alarm != null) {
            alarm.cancel(false);
            alarm = null;
        }
    }

    private void fail(Throwable cause) {
        if (!stopped) {
            stop();
            progress.sendFailed(cause);
        }
    }
}
