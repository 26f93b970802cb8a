package dev.vecho.monitor;

import dev.vecho.monitor.NotificationFormat.Notice;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one receiver of the changes of cases. It remembers for each case that has failed what the receiver knows, and what is newest:
 * so a newer change takes the place of one that was not told yet, and what has come back to what the receiver knows is not told at all.
 * One request is under way at a time. Used on one event loop, but for {@link #counts}.
 */
final class Receiver {

    private static final Logger LOG = LoggerFactory.getLogger(Receiver.class);

    /** Cases that are remembered. */
    static final int MOST = 10_000;

    /** Changes in a request. */
    private static final int BATCH = 100;

    private static final long BETWEEN_LINES = TimeUnit.MINUTES.toNanos(1);

    /** What is known of a case. Times are those of {@link System#nanoTime}. */
    private static final class Entry {
        private StateChange newest;

        /** With which the receiver knows it as failing; null where it does not. */
        private @Nullable StateChange told;

        /** Before that nothing new is told. */
        private long ready;

        /** When the receiver was told last, or was to be. */
        private long last;

        private int attempts;
        private boolean dropped;

        Entry(StateChange newest, long ready) {
            this.newest = newest;
            this.ready = ready;
            this.last = ready;
        }

        boolean isFailing() {
            return newest.to() == State.FAILING;
        }

        /** Whether the receiver knows it otherwise. */
        boolean isNews() {
            return !dropped && isFailing() != (told != null);
        }

        Notice notice() {
            return new Notice(newest, told == null ? newest : told);
        }
    }

    /** What a request tells of a case. */
    private record Sent(Entry entry, StateChange change, boolean news) {}

    private final Vertx vertx;
    private final Pace pace;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong failedRequests = new AtomicLong();
    private volatile long waiting;
    private ReceiverOptions options;
    private Webhook webhook;
    private long timer = -1;
    private long timerDue;
    private long notBefore = System.nanoTime();

    /** When the cases that fail now are told, together. */
    private long gathered = System.nanoTime();

    private Duration pause = Duration.ZERO;
    private boolean sending;
    private boolean closed;
    private @Nullable Promise<Void> stopping;
    private long lastLine = System.nanoTime() - BETWEEN_LINES;
    private long droppedByLine;

    Receiver(Vertx vertx, ReceiverOptions options, Pace pace) {
        this.vertx = vertx;
        this.options = options;
        this.pace = pace;
        this.webhook = new Webhook(vertx, options);
    }

    /** Safe for any thread. */
    ReceiverCounts counts() {
        return new ReceiverCounts(options.name(), delivered.get(), dropped.get(), failedRequests.get(), waiting);
    }

    ReceiverOptions options() {
        return options;
    }

    /** Goes on with other options. Somebody else's address has been told nothing yet. */
    void adopt(ReceiverOptions next) {
        if (!next.url().equals(options.url()) || next.format() != options.format()) {
            entries.values().removeIf(entry -> !entry.isFailing());
            entries.values().forEach(entry -> entry.told = null);
        }
        options = next;
        webhook.close();
        webhook = new Webhook(vertx, next);
        notBefore = System.nanoTime();
        pause = Duration.ZERO;
        wake(System.nanoTime());
    }

    /** What of a case is newest; null where nothing is remembered of it. */
    @Nullable State known(String key) {
        Entry entry = entries.get(key);
        return entry == null ? null : entry.newest.to();
    }

    /** The cases that are remembered, with what is newest of them. */
    Map<String, StateChange> remembered() {
        Map<String, StateChange> all = new LinkedHashMap<>();
        entries.forEach((key, entry) -> all.put(key, entry.newest));
        return all;
    }

    /** Takes a change of a case. */
    void changed(String key, StateChange change) {
        Entry entry = entries.get(key);
        long now = System.nanoTime();
        if (entry != null) {
            entry.newest = change;
            entry.attempts = 0;
            entry.dropped = false;
        } else if (change.to() != State.FAILING) {
            return;
        } else if (entries.size() >= MOST) {
            dropped.incrementAndGet();
            complain("so many cases are failing that one more is not told");
            return;
        } else {
            if (gathered - now <= 0) {
                gathered = now + pace.gather().toNanos();
            }
            entries.put(key, new Entry(change, gathered));
            wake(gathered);
            return;
        }
        wake(now + pace.gather().toNanos());
    }

    private void wake(long due) {
        if (closed || sending || (timer >= 0 && timerDue - due <= 0)) {
            return;
        }
        vertx.cancelTimer(timer);
        timerDue = due;
        long wait = TimeUnit.NANOSECONDS.toMillis(due - System.nanoTime()) + 1;
        timer = vertx.setTimer(Math.max(1, wait), fired -> {
            timer = -1;
            send();
        });
    }

    private void send() {
        long now = System.nanoTime();
        if (sending) {
            return;
        }
        if (stopping == null && notBefore - now > 0) {
            wake(notBefore);
            return;
        }
        // What the receiver knows, and what is held no longer, need not be remembered.
        entries.values()
                .removeIf(
                        each -> !each.isFailing() && each.told == null && (each.ready - now <= 0 || stopping != null));
        List<Sent> batch = new ArrayList<>();
        long next = Long.MAX_VALUE;
        long news = 0;
        for (Entry entry : entries.values()) {
            news += entry.isNews() ? 1 : 0;
            long wait = waitOf(entry, now);
            if (wait <= 0 && batch.size() < BATCH) {
                batch.add(new Sent(entry, entry.newest, entry.isNews()));
            } else {
                next = Math.min(next, Math.max(0, wait));
            }
        }
        waiting = news;
        if (!batch.isEmpty()) {
            post(batch);
        } else if (stopping != null) {
            stopping.tryComplete();
        } else if (next != Long.MAX_VALUE) {
            wake(now + next);
        }
    }

    /** Nanoseconds until something is to be told of it. */
    private long waitOf(Entry entry, long now) {
        if (entry.isNews()) {
            return stopping == null ? entry.ready - now : 0;
        }
        boolean repeats = options.format() == NotificationFormat.ALERTMANAGER && entry.isFailing();
        if (repeats && stopping == null) {
            return entry.last + options.repeat().toNanos() - now;
        }
        // One that is not failing any more is forgotten once it is held no longer.
        return entry.isFailing() || stopping != null || entry.told != null
                ? Long.MAX_VALUE
                : Math.max(1, entry.ready - now);
    }

    private void post(List<Sent> batch) {
        sending = true;
        vertx.cancelTimer(timer);
        timer = -1;
        List<Notice> notices = batch.stream().map(each -> each.entry().notice()).toList();
        webhook.post(options.format().body(notices, options, Instant.now()).toBuffer())
                .onComplete(result -> {
                    sending = false;
                    answered(batch, result);
                    waiting = entries.values().stream().filter(Entry::isNews).count();
                    wake(Math.max(notBefore, System.nanoTime()));
                });
    }

    private void answered(List<Sent> batch, AsyncResult<Integer> result) {
        int status = result.succeeded() ? result.result() : 0;
        if (status / 100 == 2) {
            pause = Duration.ZERO;
            batch.forEach(this::taken);
            return;
        }
        failedRequests.incrementAndGet();
        // What is wrong with a request stays wrong; what is wrong with the receiver may pass.
        boolean again = result.failed() || status >= 500 || status == 408 || status == 429;
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(pace.firstPause()) < 0 ? pace.firstPause() : doubled;
        pause = pause.compareTo(pace.longestPause()) > 0 ? pace.longestPause() : pause;
        notBefore = System.nanoTime() + pause.toNanos();
        batch.forEach(sent -> refused(sent, again));
        complain(
                result.failed()
                        ? String.valueOf(result.cause().getMessage())
                        : "answered " + status + (status / 100 == 3 ? ", and a redirect is not followed" : ""));
    }

    private void taken(Sent sent) {
        Entry entry = sent.entry();
        entry.last = System.nanoTime();
        if (sent.news()) {
            delivered.incrementAndGet();
            entry.ready = entry.last + options.hold().toNanos();
        }
        if (sent.change().to() != State.FAILING) {
            entry.told = null;
        } else if (entry.told == null) {
            entry.told = sent.change();
        }
        if (entry.newest.equals(sent.change())) {
            entry.attempts = 0;
            entry.dropped = false;
        }
    }

    private void refused(Sent sent, boolean again) {
        Entry entry = sent.entry();
        if (!sent.news()) {
            entry.last = again ? entry.last : System.nanoTime();
        } else if (entry.newest.equals(sent.change()) && (!again || ++entry.attempts >= options.attempts())) {
            dropped.incrementAndGet();
            entry.dropped = true;
            entry.last = System.nanoTime();
            if (!entry.isFailing()) {
                entry.told = null;
            }
        }
    }

    /** A line a minute at most, whatever happens. */
    private void complain(String why) {
        long now = System.nanoTime();
        if (now - lastLine < BETWEEN_LINES) {
            return;
        }
        lastLine = now;
        long more = dropped.get() - droppedByLine;
        droppedByLine = dropped.get();
        LOG.warn(
                "notify {}: {}: {}{}",
                options.name(),
                options.place(),
                why,
                more == 0 ? "" : "; gave up telling " + changes(more));
    }

    /** Tells at once what is still to be told, and ends when that was tried, or after some seconds; never fails. */
    Future<Void> close() {
        Promise<Void> promise = Promise.promise();
        stopping = promise;
        long late = vertx.setTimer(pace.stop().toMillis(), fired -> promise.tryComplete());
        vertx.cancelTimer(timer);
        timer = -1;
        send();
        return promise.future().transform(ended -> {
            vertx.cancelTimer(late);
            vertx.cancelTimer(timer);
            closed = true;
            long left = entries.values().stream().filter(Entry::isNews).count();
            dropped.addAndGet(left);
            if (left > 0) {
                LOG.warn("notify {}: {}: {} untold when it stopped", options.name(), options.place(), changes(left));
            }
            webhook.close();
            return Future.succeededFuture();
        });
    }

    private static String changes(long count) {
        return count + (count == 1 ? " change" : " changes");
    }
}
