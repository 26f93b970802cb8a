package dev.vecho.load;

import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Locale;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one connection: sent one after another from a {@link Pattern}, of which they are consecutive pieces, and
 * verified when they come back. Everything happens on the connection's event loop.
 *
 * <p>The messages are numbered from 0. Those from {@link #oldest} to {@link #sent} may be under way; there are never more
 * than {@code depth} of them.
 */
final class Flow implements Receiver {

    /** How many messages of the past are known, to tell one that came twice, or late, from one that is wrong. */
    private static final int REMEMBERED = 1024;

    private static final byte UNDER_WAY = 0;
    private static final byte ANSWERED = 1;
    private static final byte LOST = 2;

    /** Whose messages these are. */
    interface Owner {

        /** A message came back. */
        void answered(Flow flow, long message, long sentAt, long now);

        /** Nothing more will happen on this connection, which the owner closes. */
        void failed(Flow flow, String word, String sentence);
    }

    private final Worker worker;
    private final Owner owner;
    private final long phase;
    private final boolean stream;
    private final int size;
    private final int depth;
    private final int mask;
    private final long[] sentAt;
    private final byte[] states;

    private @Nullable Connection connection;
    private long allowed;
    private long sent;
    private long oldest;
    private long bytesReceived;
    private boolean pumping;
    private boolean over;

    /**
     * @param phase where in the pattern its first message starts
     * @param allowed how many may be sent; {@link #allow} allows one more
     */
    Flow(Worker worker, long phase, long allowed, Owner owner) {
        LoadOptions options = worker.options();
        this.worker = worker;
        this.owner = owner;
        this.allowed = allowed;
        this.phase = phase;
        this.stream = worker.framing() == Framing.STREAM;
        this.size = options.size();
        this.depth = options.depth();
        int capacity = Integer.highestOneBit(Math.max(1, depth + (stream ? 0 : REMEMBERED)) * 2 - 1);
        this.mask = capacity - 1;
        this.sentAt = new long[capacity];
        this.states = stream ? new byte[0] : new byte[capacity];
    }

    void opened(Connection open) {
        connection = open;
    }

    /** Whether nothing more will happen on it. */
    boolean over() {
        return over;
    }

    /** Whether nothing is under way. */
    boolean idle() {
        return over || oldest == sent;
    }

    /** Messages that were allowed one by one, and have not been sent for lack of room. */
    long unsent() {
        return allowed == Long.MAX_VALUE ? 0 : allowed - sent;
    }

    /** One more message may be sent. */
    void allow(long now) {
        allowed++;
        pump(now);
    }

    /** Sends as much as may be under way. */
    void pump(long now) {
        // A send may bring something about at once; the loop below sees it.
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            while (!over && connection != null && worker.sending()) {
                long upTo = Math.min(allowed, oldest + depth);
                if (upTo <= sent) {
                    return;
                }
                long from = sent;
                for (long i = from; i < upTo; i++) {
                    sentAt[(int) i & mask] = now;
                    if (!stream) {
                        states[(int) i & mask] = UNDER_WAY;
                    }
                }
                sent = upTo;
                send(connection, from, upTo);
            }
        } finally {
            pumping = false;
        }
    }

    private void send(Connection open, long from, long upTo) {
        int longest = stream ? Pattern.LONGEST : size;
        long end = upTo * size;
        for (long at = from * size; at < end && !over; ) {
            int length = (int) Math.min(longest, end - at);
            Future<Void> sending =
                    open.send(VertxInternals.buffer(worker.pattern().slice(phase + at, length)));
            if (!sending.succeeded()) {
                sending.onFailure(this::broken);
            }
            at += length;
        }
    }

    @Override
    public void received(Buffer bytes) {
        if (over) {
            return;
        }
        long now = System.nanoTime();
        ByteBuf buffer = VertxInternals.bytes(bytes);
        if (stream) {
            stream(buffer, now);
        } else {
            message(buffer, now);
        }
        if (!over) {
            pump(now);
        }
    }

    private void stream(ByteBuf buffer, long now) {
        int from = buffer.readerIndex();
        int left = buffer.readableBytes();
        while (left > 0) {
            long possible = Math.min(Pattern.LONGEST, sent * size - bytesReceived);
            int length = (int) Math.min(left, possible);
            if (length <= 0) {
                fail("injected", left + " bytes came that were never sent, at offset " + bytesReceived);
                return;
            }
            int wrong = worker.pattern().mismatch(phase + bytesReceived, buffer, from, length);
            if (wrong >= 0) {
                fail("corrupted", "byte " + (bytesReceived + wrong) + " came back as another");
                return;
            }
            bytesReceived += length;
            from += length;
            left -= length;
        }
        while ((oldest + 1) * size <= bytesReceived) {
            answered(oldest++, now);
        }
    }

    private void message(ByteBuf buffer, long now) {
        long found = find(buffer, oldest, sent);
        if (found >= 0 && states[(int) found & mask] == UNDER_WAY) {
            states[(int) found & mask] = ANSWERED;
            answered(found, now);
            while (oldest < sent && states[(int) oldest & mask] != UNDER_WAY) {
                oldest++;
            }
            return;
        }
        long past = found >= 0 ? found : find(buffer, Math.max(0, oldest - REMEMBERED), oldest);
        if (past < 0) {
            fail("corrupted", "a message of " + buffer.readableBytes() + " bytes came that was not sent like this");
        } else if (states[(int) past & mask] == LOST) {
            states[(int) past & mask] = ANSWERED;
            worker.counts().late++;
        } else {
            worker.counts().duplicated++;
        }
    }

    /** The number of the message, from one to another, that these bytes are; -1 if of none. */
    private long find(ByteBuf buffer, long from, long to) {
        if (buffer.readableBytes() != size) {
            return -1;
        }
        for (long i = from; i < to; i++) {
            if (worker.pattern().matches(phase + i * size, buffer, buffer.readerIndex(), size)) {
                return i;
            }
        }
        return -1;
    }

    private void answered(long message, long now) {
        owner.answered(this, message, sentAt[(int) message & mask], now);
    }

    /** Gives up what has been under way for too long: a message is lost, a stream has failed. */
    void sweep(long now) {
        long timeout = worker.options().timeout().toNanos();
        while (!over && oldest < sent && now - sentAt[(int) oldest & mask] > timeout) {
            if (stream) {
                fail(
                        "timeout",
                        "a message did not come back within "
                                + worker.options().timeout().toMillis() + " ms");
                return;
            }
            if (states[(int) oldest & mask] == UNDER_WAY) {
                states[(int) oldest & mask] = LOST;
                worker.counts().lost++;
            }
            oldest++;
        }
        pump(now);
    }

    @Override
    public void ended() {
        fail("closed", "the peer closed the connection");
    }

    @Override
    public void failed(TransportException cause) {
        broken(cause);
    }

    void broken(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof OutOfMemoryError lack) {
                // It says nothing about the server.
                worker.failed(lack);
            }
        }
        fail(word(cause), String.valueOf(cause.getMessage()));
    }

    private static String word(Throwable cause) {
        return cause instanceof TransportException known
                ? known.fault().toString().toLowerCase(Locale.ROOT)
                : "failed";
    }

    private void fail(String word, String sentence) {
        if (over) {
            return;
        }
        over = true;
        owner.failed(this, word, sentence);
    }

    /** Ends it without a verdict. */
    Future<Void> close() {
        over = true;
        return connection == null ? Future.succeededFuture() : connection.close();
    }

    /** Tells the numbers of those that were allowed one by one, and have not come back. */
    void missing(LongConsumer each) {
        for (long i = oldest; allowed != Long.MAX_VALUE && i < allowed; i++) {
            if (stream || i >= sent || states[(int) i & mask] == UNDER_WAY) {
                each.accept(i);
            }
        }
    }
}
