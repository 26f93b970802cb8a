package dev.vecho.monitor;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Case;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A case of a check, and what is known of it. Safe for any thread. */
public final class MonitoredCase {

    /** Of so many last rounds the times are kept one by one. */
    private static final int RECENT = 100;

    private static final int FAILED = -1;

    private final Case played;
    private AlertWindow window;
    private final Counts.Counter counter = new Counts.Counter();
    private final Map<Resolution, History> histories = new EnumMap<>(Resolution.class);
    private State state = State.UNKNOWN;
    private Instant since;
    private @Nullable Report last;
    private @Nullable Diagnosis lastDiagnosis;
    private @Nullable Instant lastPassed;
    private int[] recent = new int[0];
    private int next;

    MonitoredCase(Case played, Alert alert, Bounds bounds, Instant now) {
        this.played = played;
        this.window = new AlertWindow(alert);
        this.since = now;
        for (Resolution resolution : Resolution.values()) {
            histories.put(resolution, new History(resolution, bounds));
        }
    }

    /** Its name, unique in the check. */
    public String name() {
        return played.name();
    }

    /** As the user wrote it. */
    public String target() {
        return played.target();
    }

    public synchronized State state() {
        return state;
    }

    /** When the state began. */
    public synchronized Instant since() {
        return since;
    }

    /** The last round that is over; null before the first. */
    public synchronized @Nullable Report last() {
        return last;
    }

    /** Why it is failing; null where it is not. */
    public synchronized @Nullable Diagnosis diagnosis() {
        return state == State.FAILING ? lastDiagnosis : null;
    }

    public synchronized Counts counts() {
        return counter.get();
    }

    /** Takes a round; tells the state before. */
    synchronized State add(Instant at, Report round) {
        counter.add(round);
        histories.values().forEach(history -> history.add(at, round));
        last = round;
        lastDiagnosis = round.diagnosis() == null ? lastDiagnosis : round.diagnosis();
        lastPassed = round.passed() ? at : lastPassed;
        Duration took = round.roundTrips().isEmpty()
                ? round.duration()
                : round.roundTrips().mean();
        if (next >= recent.length && recent.length < RECENT) {
            recent = Arrays.copyOf(recent, Math.min(RECENT, Math.max(8, 2 * recent.length)));
        }
        recent[next % RECENT] = round.passed() ? (int) Math.min(Integer.MAX_VALUE, took.toNanos() / 1000) : FAILED;
        next = next + 1 == 2 * RECENT ? RECENT : next + 1;
        State before = state;
        state = window.add(round.passed());
        since = state == before ? since : at;
        return before;
    }

    /** Goes on under another alert. */
    synchronized void alert(Alert other) {
        window = window.under(other);
    }

    /** What outlives a restart: all but the last round and the counts. */
    synchronized JsonObject save() {
        JsonArray times = new JsonArray();
        for (int i = Math.max(0, next - RECENT); i < next; i++) {
            times.add(recent[i % RECENT]);
        }
        JsonObject kept = new JsonObject();
        histories.forEach((resolution, history) -> kept.put(resolution.toString(), history.save()));
        JsonObject json = new JsonObject()
                .put("name", name())
                .put("state", state.name())
                .put("since", since.toString())
                .put("failed", window.failed())
                .put("passedInARow", window.passedInARow())
                .put("recent", times)
                .put("histories", kept);
        Diagnosis.putIfKnown(json, "diagnosis", lastDiagnosis == null ? null : lastDiagnosis.toJson());
        Diagnosis.putIfKnown(json, "lastPassedAt", lastPassed == null ? null : lastPassed.toString());
        return json;
    }

    /** Takes what was saved, before the first round; throws a {@link RuntimeException} where it is something else. */
    synchronized void restore(JsonObject json) {
        State saved = State.valueOf(json.getString("state"));
        window = AlertWindow.restored(window.alert(), saved, json.getLong("failed"), json.getInteger("passedInARow"));
        state = saved;
        since = Instant.parse(json.getString("since"));
        JsonObject why = json.getJsonObject("diagnosis");
        lastDiagnosis = why == null ? null : SavedReports.diagnosis(why);
        String passed = json.getString("lastPassedAt");
        lastPassed = passed == null ? null : Instant.parse(passed);
        JsonArray times = json.getJsonArray("recent");
        recent = new int[times.size()];
        for (int i = 0; i < recent.length; i++) {
            recent[i] = times.getInteger(i);
        }
        next = recent.length;
        histories.forEach((resolution, history) ->
                history.restore(json.getJsonObject("histories").getJsonObject(resolution.toString())));
    }

    synchronized void missed(Instant at, int count) {
        counter.missed(count);
        histories.values().forEach(history -> history.missed(at, count));
    }

    /** A round could not be judged, so that it is as if it had not been played. */
    synchronized void unjudged(Instant at) {
        counter.unjudged();
        histories.values().forEach(history -> history.missed(at, 1));
    }

    /** The times of the last rounds, 100 at most, the oldest first; null for one that failed. */
    public synchronized List<@Nullable Duration> recent() {
        List<@Nullable Duration> all = new ArrayList<>();
        for (int i = Math.max(0, next - RECENT); i < next; i++) {
            int micros = recent[i % RECENT];
            all.add(micros == FAILED ? null : Duration.ofNanos(micros * 1000L));
        }
        return all;
    }

    /**
     * {@code name}, {@code target}, {@code state}, {@code since}, {@code rounds}, {@code failed}, {@code missed} ({@code unjudged} of
     * them), {@code lastPassedAt} and
     * {@code diagnosis} where known and failing; {@code last}, what {@link Report#toJson} has but for the single round trips;
     * {@code recent}: of the last 100 rounds {@code rounds}, {@code failed}, and of those that passed {@code p50Millis} and
     * {@code p99Millis}, and {@code millis}, a list with null for those that failed.
     */
    public synchronized JsonObject toJson() {
        Counts counts = counter.get();
        JsonObject json = new JsonObject()
                .put("name", name())
                .put("target", target())
                .put("state", state.toString())
                .put("since", since.toString())
                .put("rounds", counts.rounds())
                .put("failed", counts.failed())
                .put("missed", counts.missed())
                .put("unjudged", counts.unjudged());
        Diagnosis.putIfKnown(json, "lastPassedAt", lastPassed == null ? null : lastPassed.toString());
        Diagnosis why = diagnosis();
        Diagnosis.putIfKnown(json, "diagnosis", why == null ? null : why.toJson());
        if (last != null) {
            JsonObject round = last.toJson();
            round.remove("roundTripMillis");
            json.put("last", round);
        }
        return json.put("recent", recentJson());
    }

    private JsonObject recentJson() {
        JsonArray millis = new JsonArray();
        List<Duration> passed = new ArrayList<>();
        for (Duration each : recent()) {
            if (each == null) {
                millis.addNull();
            } else {
                millis.add(Report.millis(each));
                passed.add(each);
            }
        }
        JsonObject json = new JsonObject().put("rounds", millis.size()).put("failed", millis.size() - passed.size());
        if (!passed.isEmpty()) {
            passed.sort(Duration::compareTo);
            json.put("p50Millis", Report.millis(percentile(passed, 50)))
                    .put("p99Millis", Report.millis(percentile(passed, 99)));
        }
        return json.put("millis", millis);
    }

    private static Duration percentile(List<Duration> sorted, int percent) {
        return sorted.get(Math.max(0, (int) Math.ceil(percent / 100.0 * sorted.size()) - 1));
    }

    /**
     * What there is of a history, in columns: {@code intervalMillis}, and lists of the same length, an element for each interval that has
     * rounds: {@code at} (seconds since 1970), {@code rounds}, {@code failed}, {@code missed}, {@code sent}, {@code lost}, {@code word},
     * and in milliseconds {@code min}, {@code p10}, {@code p50}, {@code p90}, {@code p99}, {@code max}, which are null where no round trip
     * was measured.
     */
    public synchronized JsonObject history(Resolution resolution, Instant now) {
        JsonObject columns = new JsonObject()
                .put("case", name())
                .put("resolution", resolution.toString())
                .put("intervalMillis", resolution.interval().toMillis());
        List<String> names = List.of(
                "at", "rounds", "failed", "missed", "sent", "lost", "word", "min", "p10", "p50", "p90", "p99", "max");
        names.forEach(name -> columns.put(name, new JsonArray()));
        for (Interval each : Objects.requireNonNull(histories.get(resolution)).intervals(now)) {
            boolean measured = each.max() > 0;
            columns.getJsonArray("at").add(each.number() * resolution.interval().toSeconds());
            columns.getJsonArray("rounds").add(each.rounds());
            columns.getJsonArray("failed").add(each.failed());
            columns.getJsonArray("missed").add(each.missed());
            columns.getJsonArray("sent").add(each.sent());
            columns.getJsonArray("lost").add(each.lost());
            columns.getJsonArray("word")
                    .add(each.word() == null ? null : each.word().toString());
            columns.getJsonArray("min").add(millis(measured, each.min()));
            columns.getJsonArray("p10").add(millis(measured, each.p10()));
            columns.getJsonArray("p50").add(millis(measured, each.p50()));
            columns.getJsonArray("p90").add(millis(measured, each.p90()));
            columns.getJsonArray("p99").add(millis(measured, each.p99()));
            columns.getJsonArray("max").add(millis(measured, each.max()));
        }
        return columns;
    }

    private static @Nullable Double millis(boolean measured, int micros) {
        return measured ? micros / 1000.0 : null;
    }
}
