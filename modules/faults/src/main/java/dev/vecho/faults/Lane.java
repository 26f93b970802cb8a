package dev.vecho.faults;

import dev.vecho.core.VertxInternals;
import dev.vecho.faults.DirectionFaults.Cut;
import dev.vecho.faults.DirectionFaults.HalfClose;
import dev.vecho.faults.DirectionFaults.Slice;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection. What comes waits in a queue: for the time of its latency, and at the head of the queue for its turn at
 * the bandwidth. Whoever adds to it stops while it {@linkplain #isFull is full}.
 *
 * <p>What has to be done is looked up whenever something moves, so that it may change at any time. Used on the connection's event loop
 * only.
 */
final class Lane {

    /** How much of the bandwidth that was not used may be used later: timers are late, now and then. */
    private static final long CREDIT_NANOS = 20_000_000;

    /** Where it leads. */
    interface Sink {

        boolean isReady();

        /** Takes bytes; the future tells when the next system has them. */
        Future<Void> pass(Buffer bytes);

        /** Takes the end, once. */
        void end();

        /** Has the connection end, once the last bytes that have passed are on their way. */
        void cut(boolean reset, Future<?> passed);

        /** Something has left the queue. */
        void moved();

        void count(String fault);
    }

    /** Bytes that wait. */
    private static final class Chunk {

        final long came = Clock.now();
        final Promise<Void> passed;
        Buffer bytes;
        long due;

        Chunk(Buffer bytes, Promise<Void> passed) {
            this.bytes = bytes;
            this.passed = passed;
        }
    }

    private final Context context;
    private final Supplier<DirectionFaults> faults;
    private final Supplier<Long> untilChange;
    private final RandomGenerator random;
    private final Corruption corruption;
    private final Sink sink;
    private final long began = Clock.now();
    private final Queue<Chunk> queue = new ArrayDeque<>();
    private final Set<String> countedOnce = new HashSet<>();

    private DirectionFaults last = DirectionFaults.NONE;
    private long queuedBytes;
    private long passedBytes;
    private Future<?> passed = Future.succeededFuture();
    /** When the next bytes may pass for the bandwidth and the pauses between slices. */
    private long free;

    private boolean ended;
    private long endDue = -1;
    private boolean over;
    private boolean pumping;
    private java.util.concurrent.@Nullable Future<?> timer;
    private java.util.concurrent.@Nullable Future<?> cutTimer;
    private boolean waitsForItsTime;

    /**
     * Makes it.
     *
     * @param faults what is to be done now
     * @param untilChange how many nanoseconds that holds, if nobody changes it
     */
    Lane(
            Context context,
            Supplier<DirectionFaults> faults,
            Supplier<Long> untilChange,
            RandomGenerator random,
            Sink sink) {
        this.context = context;
        this.faults = faults;
        this.untilChange = untilChange;
        this.random = random;
        this.corruption = new Corruption(random);
        this.sink = sink;
    }

    /** Takes bytes; the future fails where they never pass. */
    Future<Void> add(Buffer bytes) {
        Promise<Void> promise = VertxInternals.promise(context);
        if (over || ended) {
            promise.fail("the connection has ended");
            return promise.future();
        }
        look();
        Chunk chunk = new Chunk(bytes, promise);
        chunk.due = due(chunk);
        queue.add(chunk);
        queuedBytes += bytes.length();
        pump();
        return promise.future();
    }

    /** Takes the end, after all that was added. */
    void end() {
        ended = true;
        pump();
    }

    boolean isFull() {
        return !over && queuedBytes >= last.mayHold();
    }

    /** Whether bytes wait. */
    boolean isHolding() {
        return !over && !queue.isEmpty();
    }

    /** Whether something waits for its time, and not for anybody. */
    boolean isMoving() {
        return !over && waitsForItsTime;
    }

    /** Drops what waits; nothing passes any more. */
    void close() {
        over = true;
        queue.forEach(chunk -> chunk.passed.tryFail("the connection has ended"));
        queue.clear();
        queuedBytes = 0;
        cancel(timer);
        cancel(cutTimer);
    }

    private static void cancel(java.util.concurrent.@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /** Passes on what may pass now. */
    void pump() {
        if (pumping || over) {
            return;
        }
        pumping = true;
        boolean moved = false;
        try {
            look();
            waitsForItsTime = false;
            while (!over && step()) {
                moved = true;
            }
        } finally {
            pumping = false;
        }
        if (moved && !over) {
            sink.moved();
        }
    }

    /** Takes over what is in force now. */
    private void look() {
        DirectionFaults now = faults.get();
        if (now.equals(last)) {
            return;
        }
        last = now;
        free = 0;
        endDue = -1;
        queue.forEach(chunk -> chunk.due = due(chunk));
        cancel(cutTimer);
        cutTimer = null;
        Cut cut = now.cut();
        if (cut != null && cut.after() != null) {
            long left = began + cut.after().toNanos() - Clock.now();
            cutTimer = VertxInternals.schedule(context, this::cutByTime, Math.max(left, 0));
        }
    }

    private void cutByTime() {
        Cut cut = last.cut();
        if (!over && cut != null && faults.get().equals(last)) {
            sink.count("cut");
            sink.cut(cut.reset(), passed);
        }
    }

    private long due(Chunk chunk) {
        if (last.latency() == null) {
            return chunk.came;
        }
        sink.count("latency");
        return chunk.came + last.latency().nanos(random);
    }

    /** Passes one piece on, or the end; returns false where nothing may pass now. */
    private boolean step() {
        Chunk head = queue.peek();
        if (head == null && !ended) {
            wake(Long.MAX_VALUE);
            return false;
        }
        if (passedBytes >= last.stallAfterBytes()) {
            countOnce("stall");
            wake(Long.MAX_VALUE);
            return false;
        }
        return head == null ? stepEnd() : step(head);
    }

    private boolean step(Chunk head) {
        Cut cut = last.cut();
        if (cut != null && passedBytes >= cut.afterBytes()) {
            sink.count("cut");
            sink.cut(cut.reset(), passed);
            return false;
        }
        if (!sink.isReady()) {
            wake(Long.MAX_VALUE);
            return false;
        }
        long now = Clock.now();
        long wait = Math.max(head.due, free) - now;
        if (wait > 0) {
            waitsForItsTime = true;
            wake(wait);
            return false;
        }
        int size = size(head.bytes.length(), cut == null ? DirectionFaults.NEVER : cut.afterBytes(), now);
        boolean whole = size == head.bytes.length();
        Buffer piece = whole ? head.bytes : head.bytes.slice(0, size);
        if (last.corrupt() != null) {
            piece = corruption.apply(last.corrupt(), piece, passedBytes, () -> sink.count("corrupt"));
        }
        passedBytes += size;
        queuedBytes -= size;
        Future<Void> passing = sink.pass(piece);
        passed = passing;
        if (whole) {
            // It may have been closed, and emptied, on the way.
            queue.poll();
            passing.onComplete(head.passed);
        } else {
            head.bytes = head.bytes.slice(size, head.bytes.length());
        }
        return true;
    }

    /** How much of a chunk passes now; says when the next may. */
    private int size(int most, long cutAt, long now) {
        long size = Math.min(most, Math.min(cutAt, last.stallAfterBytes()) - passedBytes);
        Slice slice = last.slice();
        if (slice != null) {
            int piece = slice.variation() == 0
                    ? slice.bytes()
                    : random.nextInt(slice.bytes() - slice.variation(), slice.bytes() + slice.variation() + 1);
            size = Math.min(size, piece);
            sink.count("slice");
        }
        long rate = last.bytesPerSecond();
        if (rate > 0) {
            size = Math.min(size, Math.max(1, rate / 50));
            free = Math.max(free, now - CREDIT_NANOS) + (long) (size * 1e9 / rate);
            sink.count("bandwidth");
        }
        if (slice != null) {
            free = Math.max(free, now + slice.pause().nanos(random));
        }
        return (int) size;
    }

    private boolean stepEnd() {
        if (last.halfClose() == HalfClose.SWALLOW) {
            countOnce("halfClose");
            wake(Long.MAX_VALUE);
            return false;
        }
        if (last.halfClose() == HalfClose.REFUSE) {
            countOnce("halfClose");
            sink.cut(true, passed);
            return false;
        }
        if (last.closeDelay() != null) {
            long now = Clock.now();
            if (endDue < 0) {
                endDue = now + last.closeDelay().nanos(random);
                sink.count("closeDelay");
            }
            if (now < endDue) {
                waitsForItsTime = true;
                wake(endDue - now);
                return false;
            }
        }
        over = true;
        cancel(timer);
        cancel(cutTimer);
        sink.end();
        return false;
    }

    private void countOnce(String fault) {
        if (countedOnce.add(fault)) {
            sink.count(fault);
        }
    }

    /** Goes on after some time, or when what is in force changes by itself. */
    private void wake(long nanos) {
        cancel(timer);
        timer = null;
        long next = Math.min(nanos, untilChange.get());
        if (next != Long.MAX_VALUE) {
            timer = VertxInternals.schedule(context, this::pump, Math.max(next, 1));
        }
    }
}
