package dev.vecho.load;

import com.sun.management.OperatingSystemMXBean;
import dev.vecho.core.ClientTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.Transports;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Puts load on a target and verifies every byte that comes back. Runs once:
 *
 * <pre>{@code
 * new Load(vertx, LoadOptions.of("tcp://localhost:7007"))
 *     .run(progress -> {})
 *     .onSuccess(result -> System.out.println(result.toText()));
 * }</pre>
 *
 * <p>Safe for any thread.
 */
public final class Load {

    private static final int POLL_MILLIS = 10;

    private static final String TIMEOUT = Fault.TIMEOUT.name().toLowerCase(Locale.ROOT);
    private static final String SILENT = "silent";

    private final Vertx vertx;
    private final LoadOptions options;
    private final List<Worker> workers = new ArrayList<>();
    private final Promise<Void> stopping = Promise.promise();
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    /** When its connections began to be opened. */
    private volatile long openedAt;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

    /**
     * How it goes.
     *
     * @param elapsed since load was put on, the warm-up among it
     * @param measuring whether the warm-up is over
     * @param messagesPerSecond since the last time
     * @param latency of all that was measured so far
     */
    public record Progress(Duration elapsed, boolean measuring, double messagesPerSecond, Latency latency) {}

    /** Makes it; nothing happens before it runs. */
    public Load(Vertx vertx, LoadOptions options) {
        this.vertx = vertx;
        this.options = options;
    }

    /**
     * Connects, puts load on the target, and closes everything.
     *
     * @param progress told about once a second, on any thread
     * @return fails with an {@link InvalidInputException} if the target or its options are wrong, and with a
     *     {@link dev.vecho.core.TransportException} if a connection that is to be kept cannot be opened, and with an
     *     {@link OutOfMemoryError} if there is no memory for the load
     */
    public Future<LoadResult> run(Consumer<Progress> progress) {
        return vertx.executeBlocking(this::open, false).compose(opened -> {
            makeWorkers(opened);
            openedAt = System.nanoTime();
            return cpu().compose(before -> Future.all(workers.stream()
                                    .map(worker -> worker.on(worker::open).compose(opening -> opening))
                                    .toList())
                            .compose(connected -> play(progress))
                            .recover(failure -> unjudgedOr(failure, before)))
                    .eventually(() -> close(opened.transport()));
        });
    }

    /** Ends it before its time; the result is that of what has been measured. */
    public void stop() {
        stopping.tryComplete();
    }

    private record Opened(ClientTransport transport, Framing framing) {}

    private Opened open() {
        try {
            Target target = Target.parse(options.target());
            Transports transports = Transports.load();
            Transport transport = transports.reaching(vertx, target);
            Source source = new Source("command line", Path.of(""), true);
            Problems problems = new Problems();
            JsonObject all = new JsonObject().put("options", options.options());
            transports.validateOptions(Options.of(all, source, problems).object("options"));
            problems.throwIfAny();
            JsonObject json = options.tls().isEmpty() ? new JsonObject() : new JsonObject().put("tls", options.tls());
            if (options.options().getValue(transport.optionsKey()) instanceof JsonObject own) {
                json.put("options", new JsonObject().put(transport.optionsKey(), own));
            }
            if (transport.framing() == Framing.MESSAGES && options.size() > transport.maxMessageBytes()) {
                problems.add(source.name() + ": size: a message to " + target + " has at most "
                        + transport.maxMessageBytes() + " bytes, was " + options.size());
            }
            Options given = Options.of(json, source, problems);
            // Validated above; a transport that has none need not know the key.
            given.has("options");
            ClientTransport client = transport.client(vertx, target, given);
            problems.throwIfAny();
            return new Opened(client, transport.framing());
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(List.of(String.valueOf(e.getMessage())));
        }
    }

    private void makeWorkers(Opened opened) {
        SplittableRandom random = new SplittableRandom();
        Pattern pattern = new Pattern(random.nextLong(), Math.max(Pattern.LONGEST, options.size()));
        int count = Math.min(options.threads(), options.connections());
        for (int i = 0; i < count; i++) {
            workers.add(new Worker(
                    vertx,
                    VertxInternals.newEventLoopContext(vertx),
                    opened.transport(),
                    opened.framing(),
                    options,
                    pattern,
                    random.nextLong(),
                    i,
                    count,
                    stopping::tryFail));
        }
    }

    private Future<LoadResult> play(Consumer<Progress> progress) {
        Instant startedAt = Instant.now();
        long start = System.nanoTime();
        long from = start + options.warmup().toNanos();
        long to = from + options.duration().toNanos();
        return onEach(worker -> worker.start(start, from, to))
                .compose(begun -> until(from, start, from, progress))
                .compose(warm -> cpu())
                .compose(before -> until(to, start, from, progress).compose(done -> {
                    long end = Math.min(to, System.nanoTime());
                    return cpu().compose(after -> onEach(Worker::stop)
                            .compose(stopped -> drain(System.nanoTime()))
                            .compose(drained -> result(startedAt, Math.max(1, end - from), before, after)));
                }));
    }

    private Future<Void> onEach(Consumer<Worker> task) {
        return Future.all(workers.stream()
                        .map(worker -> worker.on(() -> {
                            task.accept(worker);
                            return worker;
                        }))
                        .toList())
                .mapEmpty();
    }

    /** Completes at a time, when it is to stop, or when no connection is left. */
    private Future<Void> until(long end, long start, long from, Consumer<Progress> progress) {
        Promise<Void> done = Promise.promise();
        long[] last = {System.nanoTime(), -1};
        long timer = vertx.setTimer(Math.max(1, (end - System.nanoTime()) / 1_000_000), fired -> done.tryComplete());
        long ticker = vertx.setPeriodic(1000, fired -> report(start, from, last, progress, done));
        stopping.future().onComplete(stopped -> done.tryComplete(), done::tryFail);
        return done.future().onComplete(over -> {
            vertx.cancelTimer(timer);
            vertx.cancelTimer(ticker);
        });
    }

    private void report(long start, long from, long[] last, Consumer<Progress> progress, Promise<Void> done) {
        Histogram latency = Worker.histogram();
        long[] messages = {0};
        boolean[] over = {true};
        Future.all(workers.stream()
                        .map(worker -> worker.on(() -> {
                            synchronized (latency) {
                                latency.add(worker.latency());
                                messages[0] += worker.answered();
                                over[0] &= worker.over();
                            }
                            return worker;
                        }))
                        .toList())
                .onSuccess(all -> {
                    long now = System.nanoTime();
                    double rate = last[1] < 0 ? 0 : (messages[0] - last[1]) * 1e9 / (now - last[0]);
                    if (last[1] >= 0) {
                        progress.accept(
                                new Progress(Duration.ofNanos(now - start), now >= from, rate, Latency.of(latency)));
                    }
                    last[0] = now;
                    last[1] = messages[0];
                    if (over[0]) {
                        done.tryComplete();
                    }
                });
    }

    /** Lets what is under way come back, to verify it; it is not measured any more. */
    private Future<Void> drain(long since) {
        boolean[] idle = {true};
        return onEach(worker -> {
                    synchronized (idle) {
                        idle[0] &= worker.idle();
                    }
                })
                .compose(asked -> {
                    if (idle[0] || System.nanoTime() - since > options.timeout().toNanos()) {
                        return Future.succeededFuture();
                    }
                    return vertx.timer(POLL_MILLIS, java.util.concurrent.TimeUnit.MILLISECONDS)
                            .compose(again -> drain(since));
                });
    }

    /** Processor time: of the busiest event loop, and of the whole process, in nanoseconds. */
    private record Cpu(List<Long> loops, long process, long at) {}

    private Future<Cpu> cpu() {
        return Future.all(workers.stream()
                        .map(worker -> worker.on(threads::getCurrentThreadCpuTime))
                        .toList())
                .map(all -> new Cpu(all.list(), system.getProcessCpuTime(), System.nanoTime()));
    }

    /** What to say where no connection came about in time: nothing of the target where that is this process's own fault. */
    private Future<LoadResult> unjudgedOr(Throwable failure, Cpu before) {
        if (!(failure instanceof TransportException known) || known.fault() != Fault.TIMEOUT) {
            return Future.failedFuture(failure);
        }
        Worker first = workers.get(0);
        return first.on(() -> {
                    first.failed(TIMEOUT, String.valueOf(failure.getMessage()));
                    return first;
                })
                .compose(noted -> cpu())
                .compose(after -> result(Instant.now(), 1, before, after))
                .compose(result -> result.unjudged() ? Future.succeededFuture(result) : Future.failedFuture(failure));
    }

    /**
     * Nobody is to blame for what did not come in a time in which this process could not run, or came but not in the time that
     * was measured.
     */
    private List<LoadResult.Failure> judged(
            List<LoadResult.Failure> failures, long messages, long answered, long nanos, long stalled) {
        if (messages == 0 && answered > 0 && failures.isEmpty()) {
            return unjudged(String.format(
                    Locale.ROOT,
                    "time: no message came back within the %d ms that were measured, and %,d before or after; measure for longer",
                    nanos / 1_000_000,
                    answered));
        }
        long lasted = System.nanoTime() - openedAt;
        boolean blameless = messages == 0
                && stalled > lasted / 3 * 2
                && failures.stream().allMatch(failure -> failure.word().equals(TIMEOUT));
        List<LoadResult.Failure> found = messages > 0 || !failures.isEmpty()
                ? failures
                : List.of(new LoadResult.Failure(SILENT, options.connections(), "nothing came back"));
        return blameless
                ? unjudged("time: this process could not run for " + stalled / 1_000_000 + " of " + lasted / 1_000_000
                        + " ms, so that nothing is known of the peer; else it would be "
                        + found.get(0).word() + ": " + found.get(0).sentence())
                : found;
    }

    private List<LoadResult.Failure> unjudged(String sentence) {
        return List.of(new LoadResult.Failure(LoadResult.UNJUDGED, options.connections(), sentence));
    }

    private Future<LoadResult> result(Instant startedAt, long nanos, Cpu before, Cpu after) {
        double busiest = 0;
        for (int i = 0; i < workers.size(); i++) {
            busiest = Math.max(busiest, (double) (after.loops.get(i) - before.loops.get(i)) / (after.at - before.at));
        }
        double thread = busiest;
        double process = (double) (after.process - before.process) / (after.at - before.at);
        Histogram latency = Worker.histogram();
        Histogram corrected = Worker.histogram();
        Worker.Counts counts = new Worker.Counts();
        Map<String, Worker.Failure> failures = new TreeMap<>();
        long[] stalled = {Long.MAX_VALUE};
        long[] answered = {0};
        return onEach(worker -> {
                    synchronized (counts) {
                        latency.add(worker.latency());
                        corrected.add(worker.corrected());
                        counts.add(worker.counts());
                        answered[0] += worker.answered();
                        stalled[0] = Math.min(stalled[0], worker.stalled().toNanos());
                        worker.failures()
                                .forEach((word, failure) -> failures.merge(word, failure, Worker.Failure::plus));
                    }
                })
                .map(all -> new LoadResult(
                        options,
                        startedAt,
                        Duration.ofNanos(nanos),
                        workers.get(0).details(),
                        counts.messages,
                        Latency.of(latency),
                        options.rate() > 0 ? Latency.of(corrected) : null,
                        new LoadResult.Messages(counts.lost, counts.late, counts.duplicated, counts.unsent),
                        judged(
                                failures.entrySet().stream()
                                        .map(entry -> new LoadResult.Failure(
                                                entry.getKey(),
                                                entry.getValue().count(),
                                                entry.getValue().sentence()))
                                        .toList(),
                                counts.messages,
                                answered[0],
                                nanos,
                                stalled[0]),
                        thread,
                        process));
    }

    private Future<Void> close(ClientTransport transport) {
        return Future.join(workers.stream()
                        .map(worker -> worker.on(worker::close).compose(closing -> closing))
                        .toList())
                .transform(closed -> transport.close());
    }
}
