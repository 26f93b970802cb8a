package dev.vecho.client;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hands over what comes on the connections of another transport in other pieces. What came at once is put together, whatever
 * its pieces, and cut anew.
 */
final class Segmented implements ClientTransport {

    /** How a stream is cut. */
    @FunctionalInterface
    interface Cuts {

        /** Nowhere: what comes at once is one piece. */
        Cuts NOWHERE = offset -> false;

        /** Everywhere: each byte is a piece. */
        Cuts EVERYWHERE = offset -> true;

        /** Before the byte at an offset. */
        static Cuts at(int offset) {
            return each -> each == offset;
        }

        /** Whether to cut before a byte. */
        boolean before(int offset);
    }

    private final ClientTransport transport;
    private final Cuts cuts;
    private final boolean together;
    private final AtomicInteger longest = new AtomicInteger();

    /**
     * Cuts what comes on a transport.
     *
     * @param together whether the pieces, and the end or failure behind them, come in one turn of the event loop, as where
     *     all was there when it looked; else each comes in one of its own
     */
    Segmented(ClientTransport transport, Cuts cuts, boolean together) {
        this.transport = transport;
        this.cuts = cuts;
        this.together = together;
    }

    /** How many bytes came on that connection on which most came. */
    int longest() {
        return longest.get();
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        return transport.connect(new Cutter(receiver));
    }

    @Override
    public Future<Void> close() {
        return transport.close();
    }

    private final class Cutter implements Receiver {

        private final Receiver receiver;
        private final Context context = Objects.requireNonNull(Vertx.currentContext());
        private Buffer pending = Buffer.buffer();
        private int came;

        Cutter(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void received(Buffer bytes) {
            if (pending.length() == 0) {
                // What is delivered already comes before this turn.
                context.runOnContext(turn -> play(cut()));
            }
            pending.appendBuffer(bytes);
        }

        @Override
        public void ended() {
            last(receiver::ended);
        }

        @Override
        public void failed(TransportException cause) {
            last(() -> receiver.failed(cause));
        }

        private void last(Runnable event) {
            List<Runnable> events = cut();
            events.add(event);
            play(events);
        }

        private List<Runnable> cut() {
            Buffer all = pending;
            pending = Buffer.buffer();
            List<Runnable> pieces = new ArrayList<>();
            int from = 0;
            for (int to = 1; to <= all.length(); to++) {
                if (to == all.length() || cuts.before(came + to)) {
                    Buffer piece = all.getBuffer(from, to);
                    pieces.add(() -> receiver.received(piece));
                    from = to;
                }
            }
            came += all.length();
            longest.accumulateAndGet(came, Math::max);
            return pieces;
        }

        private void play(List<Runnable> events) {
            if (together) {
                events.forEach(Runnable::run);
            } else {
                events.forEach(event -> context.runOnContext(turn -> event.run()));
            }
        }

        @Override
        public void began(Phase phase) {
            receiver.began(phase);
        }

        @Override
        public void completed(Phase phase, Duration took) {
            receiver.completed(phase, took);
        }

        @Override
        public void warned(String word, String sentence) {
            receiver.warned(word, sentence);
        }
    }
}
