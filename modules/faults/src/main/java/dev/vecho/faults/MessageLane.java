package dev.vecho.faults;

import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.VertxInternals;
import dev.vecho.faults.DirectionFaults.Loss;
import dev.vecho.faults.DirectionFaults.Reorder;
import dev.vecho.faults.DirectionFaults.Truncate;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Messages in one direction, those of a listener on all of its event loops, or those of one WebSocket: they have one source of chance and one state of loss, so that
 * a run repeats exactly. What is held up is bounded by {@code queueBytes}; what is more is lost, and counted.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What is scheduled runs in any case.
final class MessageLane {

    private final Supplier<FaultSet> inForce;
    private final Function<FaultSet, DirectionFaults> direction;
    private final Supplier<SplittableRandom> chance;
    private final String prefix;
    private final AtomicLong queuedBytes = new AtomicLong();

    // Guarded by this.
    private final List<Held> overtaken = new ArrayList<>();
    private @Nullable FaultSet last;
    private SplittableRandom random = new SplittableRandom(0);
    private Corruption corruption = new Corruption(random);
    private boolean bad;

    /** A message that later ones overtake. */
    private static final class Held {

        final Context context;
        final Runnable release;
        int left;

        Held(int left, Context context, Runnable release) {
            this.left = left;
            this.context = context;
            this.release = release;
        }

        void release() {
            if (Vertx.currentContext() == context) {
                release.run();
            } else {
                context.runOnContext(now -> release.run());
            }
        }
    }

    /**
     * What is to be done with a message.
     *
     * @param copies each with the time that it is held up
     * @param held whether others overtake it
     */
    private record Fate(Buffer bytes, List<Long> copies, boolean held) {}

    /**
     * Makes it.
     *
     * @param inForce what is to be done now
     * @param direction chooses what is done in this direction
     * @param chance makes the source of chance, which begins anew when something else is in force
     * @param prefix of the names of faults
     */
    MessageLane(
            Supplier<FaultSet> inForce,
            Function<FaultSet, DirectionFaults> direction,
            Supplier<SplittableRandom> chance,
            String prefix) {
        this.inForce = inForce;
        this.direction = direction;
        this.chance = chance;
        this.prefix = prefix;
    }

    /**
     * Passes a message on, in whatever way.
     *
     * @param message valid during the call only
     * @param count where faults are counted
     * @param next takes what comes of it, on the same context
     */
    void pass(Buffer message, Answers count, Consumer<Buffer> next) {
        FaultSet acting = inForce.get();
        DirectionFaults faults = direction.apply(acting);
        if (acting.equals(FaultSet.NONE)) {
            next.accept(message);
            return;
        }
        Context context = Objects.requireNonNull(Vertx.currentContext(), "is called on a context");
        Runnable now = () -> {};
        List<Held> released = new ArrayList<>();
        synchronized (this) {
            Fate fate = decide(acting, faults, message, count);
            if (fate == null) {
                return;
            }
            Runnable deliver = deliver(fate, faults, context, count, next);
            Reorder reorder = faults.reorder();
            if (fate.held() && reorder != null) {
                hold(reorder, context, fate.bytes().length(), faults.queueBytes(), count, deliver);
            } else {
                now = deliver;
                overtake(released);
            }
        }
        now.run();
        released.forEach(Held::release);
    }

    /** Returns null where the message is lost. */
    private @Nullable Fate decide(FaultSet acting, DirectionFaults faults, Buffer message, Answers count) {
        if (!acting.equals(last)) {
            last = acting;
            random = chance.get();
            corruption = new Corruption(random);
            bad = false;
        }
        Loss loss = faults.loss();
        if (loss != null && isLost(loss)) {
            count.fault(prefix + "loss");
            return null;
        }
        Buffer bytes = message;
        Truncate truncate = faults.truncate();
        if (truncate != null && bytes.length() > truncate.bytes() && random.nextDouble() < truncate.rate()) {
            bytes = bytes.getBuffer(0, truncate.bytes());
            count.fault(prefix + "truncate");
        }
        if (faults.corrupt() != null) {
            // Each message begins at offset 0.
            bytes = corruption.apply(faults.corrupt(), bytes, 0, () -> count.fault(prefix + "corrupt"));
        }
        List<Long> copies = new ArrayList<>();
        copies.add(delay(faults, count));
        if (faults.duplicate() > 0 && random.nextDouble() < faults.duplicate()) {
            copies.add(delay(faults, count));
            count.fault(prefix + "duplicate");
        }
        Reorder reorder = faults.reorder();
        return new Fate(bytes, copies, reorder != null && random.nextDouble() < reorder.rate());
    }

    private boolean isLost(Loss loss) {
        bad = bad ? random.nextDouble() >= loss.toGood() : random.nextDouble() < loss.toBad();
        return random.nextDouble() < (bad ? loss.inBad() : loss.inGood());
    }

    private long delay(DirectionFaults faults, Answers count) {
        if (faults.latency() == null) {
            return 0;
        }
        count.fault(prefix + "latency");
        return faults.latency().nanos(random);
    }

    private Runnable deliver(Fate fate, DirectionFaults faults, Context context, Answers count, Consumer<Buffer> next) {
        boolean later = fate.held() || fate.copies().stream().anyMatch(nanos -> nanos > 0);
        Buffer bytes = later ? fate.bytes().copy() : fate.bytes();
        return () -> fate.copies().forEach(nanos -> {
            if (nanos == 0) {
                next.accept(bytes);
            } else if (takes(bytes.length(), faults.queueBytes(), count)) {
                VertxInternals.schedule(
                        context,
                        () -> {
                            queuedBytes.addAndGet(-bytes.length());
                            next.accept(bytes);
                        },
                        nanos);
            }
        });
    }

    private boolean takes(int length, int most, Answers count) {
        if (queuedBytes.addAndGet(length) <= most) {
            return true;
        }
        queuedBytes.addAndGet(-length);
        count.fault(prefix + "overflow");
        return false;
    }

    private void hold(Reorder reorder, Context context, int length, int most, Answers count, Runnable deliver) {
        if (!takes(length, most, count)) {
            return;
        }
        count.fault(prefix + "reorder");
        Held held = new Held(reorder.depth(), context, () -> {
            queuedBytes.addAndGet(-length);
            deliver.run();
        });
        overtaken.add(held);
        VertxInternals.schedule(
                context,
                () -> {
                    boolean still;
                    synchronized (this) {
                        still = overtaken.remove(held);
                    }
                    if (still) {
                        held.release();
                    }
                },
                reorder.atMost().toNanos());
    }

    /** One more has passed. */
    private void overtake(List<Held> released) {
        overtaken.removeIf(held -> {
            held.left--;
            if (held.left <= 0) {
                released.add(held);
            }
            return held.left <= 0;
        });
    }
}
