package dev.vecho.load;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.LoopStalls;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop, and what was measured on them. Everything but the constructor runs on it. */
@SuppressWarnings("FutureReturnValueIgnored") // What is scheduled on the event loop does not fail.
final class Worker {

    private static final int SWEEP_MILLIS = 100;
    private static final int CONNECTING_AT_ONCE = 64;
    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);

    private final Vertx vertx;
    private final Context context;
    private final ClientTransport transport;
    private final Framing framing;
    private final LoadOptions options;
    private final Pattern pattern;
    private final SplittableRandom random;
    private final Consumer<Throwable> ownFailure;

    private final List<Client> clients = new ArrayList<>();
    private final int first;
    private final int step;

    private final Histogram latency = histogram();
    private final Histogram corrected = histogram();
    private final Counts counts = new Counts();
    private final Map<String, Failure> failures = new TreeMap<>();
    private Map<String, String> details = Map.of();

    private long answered;
    private boolean sending;
    private long start;
    private long from = Long.MAX_VALUE;
    private long to = Long.MAX_VALUE;
    private int nextPlace;
    private long nextTurn;
    private long sweeper = -1;
    private @Nullable LoopStalls stalls;
    private long stallsBefore;

    /** What is counted from the begin of the measurement on; {@code lost} and the like all the time. */
    static final class Counts {
        long messages;
        long lost;
        long late;
        long duplicated;
        long unsent;

        void add(Counts other) {
            messages += other.messages;
            lost += other.lost;
            late += other.late;
            duplicated += other.duplicated;
            unsent += other.unsent;
        }
    }

    /** A kind of failure: how often, and the first one's sentence. */
    record Failure(long count, String sentence) {

        Failure plus(Failure other) {
            return new Failure(count + other.count, sentence);
        }
    }

    /**
     * @param first the number of its first connection
     * @param step from one of its connections to the next
     */
    Worker(
            Vertx vertx,
            Context context,
            ClientTransport transport,
            Framing framing,
            LoadOptions options,
            Pattern pattern,
            long seed,
            int first,
            int step,
            Consumer<Throwable> ownFailure) {
        this.vertx = vertx;
        this.context = context;
        this.transport = transport;
        this.framing = framing;
        this.options = options;
        this.pattern = pattern;
        this.random = new SplittableRandom(seed);
        this.first = first;
        this.step = step;
        this.ownFailure = ownFailure;
        for (int number = first; number < options.connections(); number += step) {
            clients.add(
                    options.newConnections()
                            ? new NewConnections(vertx, this, clients.size())
                            : new KeptConnection(this, clients.size()));
        }
    }

    /** Where in the pattern a connection's first message starts: another place for each. */
    long phase() {
        return random.nextLong(1L << 32);
    }

    static Histogram histogram() {
        return new Histogram(LONGEST_NANOS, 3);
    }

    LoadOptions options() {
        return options;
    }

    Framing framing() {
        return framing;
    }

    Pattern pattern() {
        return pattern;
    }

    Counts counts() {
        return counts;
    }

    boolean sending() {
        return sending;
    }

    boolean paced() {
        return options.rate() > 0;
    }

    /** Runs something on the event loop. */
    <T> Future<T> on(Supplier<T> task) {
        Promise<T> promise = Promise.promise();
        context.runOnContext(now -> {
            try {
                promise.complete(task.get());
            } catch (RuntimeException | Error e) {
                promise.fail(e);
            }
        });
        return promise.future();
    }

    // ---- opening

    /** Opens all connections, some at a time; fails with the first that cannot be opened. */
    Future<Void> open() {
        LoopStalls watched = LoopStalls.of(context);
        watched.watch();
        stallsBefore = watched.total();
        stalls = watched;
        Promise<Void> opened = Promise.promise();
        Iterator<Client> waiting = clients.iterator();
        int[] missing = {clients.size()};
        if (clients.isEmpty()) {
            opened.complete();
        }
        for (int i = 0; i < CONNECTING_AT_ONCE; i++) {
            openNext(waiting, missing, opened);
        }
        return opened.future();
    }

    private void openNext(Iterator<Client> waiting, int[] missing, Promise<Void> opened) {
        if (!waiting.hasNext() || opened.future().isComplete()) {
            return;
        }
        waiting.next().open().onComplete(result -> {
            if (result.failed()) {
                opened.tryFail(result.cause());
            } else if (--missing[0] == 0) {
                opened.tryComplete();
            } else {
                openNext(waiting, missing, opened);
            }
        });
    }

    /** Opens a connection for a flow; a {@link TransportException} says that it did not come about, or not in time. */
    Future<Void> connect(Flow flow) {
        Promise<Void> promise = Promise.promise();
        long timer = vertx.setTimer(
                options.timeout().toMillis(),
                fired -> promise.tryFail(new TransportException(
                        Fault.TIMEOUT,
                        options.target() + ": no connection within "
                                + options.timeout().toMillis() + " ms",
                        null)));
        transport.connect(flow).onComplete(result -> {
            vertx.cancelTimer(timer);
            if (result.failed()) {
                promise.tryFail(result.cause());
            } else if (flow.over() || promise.future().isComplete()) {
                // It comes too late.
                result.result().close();
                promise.tryComplete();
            } else {
                details = result.result().details();
                flow.opened(result.result());
                promise.complete();
            }
        });
        return promise.future();
    }

    Map<String, String> details() {
        return details;
    }

    // ---- the load

    /**
     * Begins to send.
     *
     * @param startAt when the first message of connection 0 is due, as of {@link System#nanoTime}; so are the others
     */
    void start(long startAt, long measureFrom, long measureTo) {
        start = startAt;
        from = measureFrom;
        to = measureTo;
        sending = true;
        sweeper = vertx.setPeriodic(SWEEP_MILLIS, fired -> sweep());
        if (paced()) {
            tick();
        } else {
            clients.forEach(Client::begin);
        }
    }

    /** Sends all that is due, and comes again when the next one is. */
    private void tick() {
        if (!sending || clients.isEmpty()) {
            return;
        }
        long now = System.nanoTime();
        while (intended(nextPlace, nextTurn) <= now) {
            clients.get(nextPlace).due();
            if (++nextPlace == clients.size()) {
                nextPlace = 0;
                nextTurn++;
            }
        }
        VertxInternals.eventLoop(context)
                .schedule(this::tick, intended(nextPlace, nextTurn) - now, TimeUnit.NANOSECONDS);
    }

    /** When a message is due: the connections take turns. */
    private long intended(int place, long message) {
        double number = (double) message * options.connections() + first + (double) place * step;
        return start + (long) (number * 1e9 / options.rate());
    }

    // ---- what the clients tell

    /** A message came back, which was begun at a moment and is a client's n-th. */
    void measured(long now, long begunAt, int place, long message) {
        answered++;
        if (now < from || now >= to) {
            return;
        }
        counts.messages++;
        record(latency, now - begunAt);
        if (paced()) {
            record(corrected, now - intended(place, message));
        }
    }

    private static void record(Histogram histogram, long nanos) {
        histogram.recordValue(Math.min(LONGEST_NANOS, Math.max(0, nanos)));
    }

    /** This process has no memory left for the load. */
    void failed(OutOfMemoryError lack) {
        ownFailure.accept(lack);
    }

    void failed(String word, String sentence) {
        failures.merge(word, new Failure(1, sentence), Failure::plus);
    }

    private void sweep() {
        long now = System.nanoTime();
        clients.forEach(client -> client.sweep(now));
    }

    // ---- the end

    /** Sends nothing more. What was due and has not come back counts as late as it is by now. */
    void stop() {
        sending = false;
        to = Math.min(to, System.nanoTime());
        for (int place = 0; place < clients.size(); place++) {
            int at = place;
            Client client = clients.get(place);
            counts.unsent += client.unsent();
            client.missing(message -> {
                long late = to - intended(at, message);
                if (late > 0) {
                    record(corrected, late);
                }
            });
        }
    }

    /** Whether nothing is under way. */
    boolean idle() {
        return clients.stream().allMatch(Client::idle);
    }

    /** Whether nothing will happen any more. */
    boolean over() {
        return clients.stream().allMatch(Client::over);
    }

    Future<Void> close() {
        if (stalls != null) {
            stalls.leave();
            stalls = null;
        }
        vertx.cancelTimer(sweeper);
        return Future.join(clients.stream().map(Client::close).toList()).transform(closed -> Future.succeededFuture());
    }

    /** For how long the event loop could not run, since the connections were opened. */
    Duration stalled() {
        return stalls == null ? Duration.ZERO : Duration.ofNanos(stalls.total() - stallsBefore);
    }

    /** How many messages came back since load was put on. */
    long answered() {
        return answered;
    }

    Histogram latency() {
        return latency;
    }

    Histogram corrected() {
        return corrected;
    }

    Map<String, Failure> failures() {
        return failures;
    }
}
