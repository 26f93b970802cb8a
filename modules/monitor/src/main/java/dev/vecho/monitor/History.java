package dev.vecho.monitor;

import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the rounds of a case found, by intervals of one length. The interval that goes on has every round trip, or a histogram of them
 * where there are many; one that is over keeps percentiles alone. Intervals without a round take nothing. For one thread.
 */
final class History {

    private final Resolution resolution;
    private final Bounds bounds;
    private final Deque<Interval> over = new ArrayDeque<>(2);
    private @Nullable Open open;

    /** The interval that goes on. */
    private static final class Open {
        private final int number;
        private final RoundTrips.Recorder trips = new RoundTrips.Recorder();
        private int rounds;
        private int failed;
        private int missed;
        private int sent;
        private int lost;
        private @Nullable FailureKind word;

        Open(int number) {
            this.number = number;
        }

        Interval get() {
            RoundTrips all = trips.get();
            return new Interval(
                    number,
                    rounds,
                    failed,
                    missed,
                    sent,
                    lost,
                    micros(all.min()),
                    micros(all.percentile(10)),
                    micros(all.percentile(50)),
                    micros(all.percentile(90)),
                    micros(all.percentile(99)),
                    micros(all.max()),
                    word);
        }
    }

    History(Resolution resolution, Bounds bounds) {
        this.resolution = resolution;
        this.bounds = bounds;
    }

    void add(Instant at, Report round) {
        Open now = at(at);
        now.rounds++;
        now.trips.add(round.corrected().isEmpty() ? round.roundTrips() : round.corrected());
        if (round.diagnosis() != null) {
            now.failed++;
            now.word = round.diagnosis().word();
        }
        if (round.messages() != null) {
            now.sent += (int) Math.min(Integer.MAX_VALUE / 2, round.messages().sent());
            now.lost += (int) Math.min(Integer.MAX_VALUE / 2, round.messages().lost());
        }
    }

    void missed(Instant at, int count) {
        at(at).missed += count;
    }

    /** All of it as JSON: a list of intervals, and what the one that goes on has. */
    JsonObject save() {
        JsonArray ended = new JsonArray();
        over.forEach(each -> ended.add(each.toJson()));
        JsonObject json = new JsonObject().put("over", ended);
        if (open != null) {
            RoundTrips all = open.trips.get();
            JsonArray trips = new JsonArray();
            if (all.each().isEmpty()) {
                all.histogram()
                        .recordedValues()
                        .forEach(value -> trips.add(value.getValueIteratedTo()).add(value.getCountAtValueIteratedTo()));
            } else {
                // Few: a histogram of them would be far larger than they are.
                all.each().forEach(trip -> trips.add(trip.toNanos()).add(1));
            }
            json.put("open", open.get().toJson()).put("trips", trips);
        }
        return json;
    }

    /** Takes what was saved; throws a {@link RuntimeException} where it is something else. */
    void restore(JsonObject json) {
        json.getJsonArray("over").forEach(each -> over.add(Interval.of((JsonArray) each)));
        if (json.containsKey("open")) {
            Interval last = Interval.of(json.getJsonArray("open"));
            Open restored = new Open(last.number());
            restored.rounds = last.rounds();
            restored.failed = last.failed();
            restored.missed = last.missed();
            restored.sent = last.sent();
            restored.lost = last.lost();
            restored.word = last.word();
            JsonArray trips = json.getJsonArray("trips");
            for (int i = 0; i + 1 < trips.size(); i += 2) {
                restored.trips.record(trips.getLong(i), trips.getLong(i + 1));
            }
            open = restored;
        }
        while (over.size() >= bounds.intervals(resolution)) {
            over.removeFirst();
        }
    }

    private int number(Instant at) {
        return (int) Math.floorDiv(at.getEpochSecond(), resolution.interval().toSeconds());
    }

    private Open at(Instant at) {
        int number = number(at);
        Open now = open;
        // A clock that was set back does not begin an interval that is over once more.
        if (now == null || number > now.number) {
            if (now != null) {
                over.add(now.get());
            }
            now = new Open(number);
            open = now;
            int most = bounds.intervals(resolution);
            while (!over.isEmpty() && (over.size() >= most || isTooOld(over.getFirst(), number))) {
                over.removeFirst();
            }
        }
        return now;
    }

    private boolean isTooOld(Interval interval, int now) {
        return interval.number() <= now - resolution.most();
    }

    /** From the oldest to the one that goes on; only those with something in them. */
    List<Interval> intervals(Instant at) {
        int now = number(at);
        List<Interval> all = new ArrayList<>(over);
        if (open != null) {
            all.add(open.get());
        }
        all.removeIf(each -> isTooOld(each, now));
        return all;
    }

    private static int micros(Duration time) {
        return (int) Math.min(Integer.MAX_VALUE, time.toNanos() / 1000);
    }
}
