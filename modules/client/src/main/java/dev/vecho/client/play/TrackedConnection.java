package dev.vecho.client.play;

import dev.vecho.client.report.Report;
import dev.vecho.client.verify.MessageVerifier;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection from the attempt to open it to its end. A round listens to it; between two rounds that share it, it notes
 * what happens. Used on its event loop only.
 */
public final class TrackedConnection implements Receiver {

    /** Told what comes, while a round is played. */
    interface Events {
        void received(Buffer bytes);

        void ended();

        void broke(TransportException cause);
    }

    /** How many rounds a message may be late. */
    private static final int MAX_EARLIER = 64;

    private static final int MAX_LEFT = 64;

    private final Context context;
    private final LongSupplier nanoTime;
    private final Map<Phase, Duration> phases = new EnumMap<>(Phase.class);
    private final List<Report.Warning> warnings = new ArrayList<>();
    private @Nullable Events listener;
    private @Nullable Connection connection;
    private @Nullable Phase begun;
    private boolean ended;
    private @Nullable TransportException failure;
    private long unexpected;
    private final Deque<MessageVerifier> earlier = new ArrayDeque<>();
    private final List<Buffer> left = new ArrayList<>();
    private long moved;
    private long happened;

    TrackedConnection(Context context, LongSupplier nanoTime, Events listener) {
        this.context = context;
        this.nanoTime = nanoTime;
        this.listener = listener;
        this.moved = nanoTime.getAsLong();
    }

    /** The event loop. */
    Context context() {
        return context;
    }

    /** Sets who is told what happens from now on; null for nobody. */
    void listen(@Nullable Events other) {
        listener = other;
    }

    void open(Connection opened) {
        connection = opened;
        moved();
    }

    @Nullable Connection connection() {
        return connection;
    }

    /** How long the phases of opening it took. */
    Map<Phase, Duration> phases() {
        return phases;
    }

    /** The phase of opening it that is not done yet; null if there is none, or the transport does not tell. */
    @Nullable Phase phase() {
        return begun;
    }

    /** Whether what comes is, or will be, within TLS. */
    boolean hasBegunTls() {
        return begun == Phase.TLS || phases.containsKey(Phase.TLS);
    }

    List<Report.Warning> warnings() {
        return warnings;
    }

    /** The peer has closed its output. */
    boolean hasEnded() {
        return ended;
    }

    /** What broke it, or null. */
    @Nullable TransportException failure() {
        return failure;
    }

    /** How many bytes came while nobody listened, or behind all that a round looks at; not those of messages that are {@link #left}. */
    long unexpected() {
        return unexpected;
    }

    /** Some bytes, or a message, were not looked at. */
    void leave(Buffer bytes) {
        if (earlier.isEmpty() || left.size() == MAX_LEFT) {
            unexpected += bytes.length();
        } else {
            left.add(bytes.copy());
        }
    }

    /** The messages that were not looked at, which may be late ones of the rounds before. */
    List<Buffer> left() {
        return left;
    }

    /** What has verified the messages of the last rounds, the last first. */
    List<MessageVerifier> earlier() {
        return List.copyOf(earlier);
    }

    /** Messages are sent, and verified by this. */
    void verifiedBy(MessageVerifier verifier) {
        earlier.addFirst(verifier);
        if (earlier.size() > MAX_EARLIER) {
            earlier.removeLast();
        }
    }

    /** Something was sent, or came. */
    void moved() {
        moved = nanoTime.getAsLong();
    }

    /** How long nothing had been sent, nor come, when it ended or broke, or until now. */
    Duration idle() {
        long until = ended || failure != null ? happened : nanoTime.getAsLong();
        return Duration.ofNanos(Math.max(0, until - moved));
    }

    @Override
    public void began(Phase phase) {
        begun = phase;
    }

    @Override
    public void completed(Phase phase, Duration took) {
        phases.put(phase, took);
        begun = null;
    }

    @Override
    public void warned(String word, String sentence) {
        warnings.add(new Report.Warning(word, sentence));
    }

    @Override
    public void received(Buffer bytes) {
        if (listener == null) {
            leave(bytes);
            return;
        }
        listener.received(bytes);
        moved();
    }

    @Override
    public void ended() {
        ended = true;
        happened = nanoTime.getAsLong();
        if (listener != null) {
            listener.ended();
        }
    }

    @Override
    public void failed(TransportException cause) {
        failure = cause;
        happened = nanoTime.getAsLong();
        if (listener != null) {
            listener.broke(cause);
        }
    }
}
