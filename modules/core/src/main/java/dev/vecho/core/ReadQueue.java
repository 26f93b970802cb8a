package dev.vecho.core;

import io.vertx.core.Handler;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What has come on a stream and waits for whoever reads it: until that one has set a handler, and has asked for it. Nobody is told of
 * the end who does not read.
 *
 * <p>For one thread or event loop.
 *
 * @param <T> what comes in pieces, such as buffers
 */
public final class ReadQueue<T> {

    private final Queue<T> waiting = new ArrayDeque<>();
    private final Executor later;
    private final Consumer<Runnable> reader;
    private final Runnable delivered;
    private @Nullable Handler<T> handler;
    private @Nullable Handler<Void> endHandler;
    private long demand = Long.MAX_VALUE;
    private boolean ended;
    private boolean endTold;
    private boolean delivering;

    /**
     * Makes it, empty and without a handler.
     *
     * @param later delivers what the reader has asked for, not within its call
     * @param reader calls the handlers
     * @param delivered called when everything was delivered that may be, or {@link #isWanted} may have changed
     */
    public ReadQueue(Executor later, Consumer<Runnable> reader, Runnable delivered) {
        this.later = later;
        this.reader = reader;
        this.delivered = delivered;
    }

    /** Adds a piece, and delivers it where it is wanted. */
    public void add(T piece) {
        waiting.add(piece);
        deliver();
    }

    /** Tells the end, after all that waits. */
    public void end() {
        ended = true;
        deliver();
    }

    /** Whether what comes now is delivered at once. */
    public boolean isWanted() {
        return handler != null && demand > 0 && waiting.isEmpty();
    }

    /** Whether the reader knows of the end. */
    public boolean isEndTold() {
        return endTold;
    }

    /** Hands over what waits, as far as it is wanted. */
    public void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        try {
            while (demand > 0 && handler != null && !waiting.isEmpty()) {
                Handler<T> to = handler;
                T piece = waiting.remove();
                demand -= demand == Long.MAX_VALUE ? 0 : 1;
                reader.accept(() -> to.handle(piece));
            }
            Handler<Void> last = endHandler;
            if (ended && !endTold && isWanted()) {
                endTold = true;
                if (last != null) {
                    reader.accept(() -> last.handle(null));
                }
            }
        } finally {
            delivering = false;
        }
        delivered.run();
    }

    /** Drops what waits; no handler is called any more. */
    public void close() {
        waiting.clear();
        handler = null;
        endHandler = null;
    }

    /** As {@link io.vertx.core.streams.ReadStream#handler}. */
    public void handler(@Nullable Handler<T> to) {
        handler = to;
        soon();
    }

    /** As {@link io.vertx.core.streams.ReadStream#endHandler}. */
    public void endHandler(@Nullable Handler<Void> to) {
        endHandler = to;
    }

    /** As {@link io.vertx.core.streams.ReadStream#pause}. */
    public void pause() {
        demand = 0;
        soon();
    }

    /** As {@link io.vertx.core.streams.ReadStream#fetch}. */
    public void fetch(long amount) {
        demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
        soon();
    }

    private void soon() {
        if (!delivering) {
            later.execute(this::deliver);
        }
    }
}
