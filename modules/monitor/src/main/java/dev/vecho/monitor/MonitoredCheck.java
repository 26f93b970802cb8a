package dev.vecho.monitor;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A check that is played on a schedule, and what is known of it. Safe for any thread. */
public final class MonitoredCheck {

    private static final Logger LOG = LoggerFactory.getLogger(MonitoredCheck.class);

    private static final int MOST_CHANGES = 100;

    private volatile CheckDefinition definition;
    private final String subject;
    private final Bounds bounds;
    private final Deque<Failure> failures = new ArrayDeque<>(2);
    private final Deque<StateChange> changes = new ArrayDeque<>(2);
    private volatile List<MonitoredCase> cases = List.of();
    private State state = State.UNKNOWN;
    private Instant since;
    private @Nullable String problem;
    private volatile @Nullable SavedCheck expected;

    MonitoredCheck(CheckDefinition definition, Bounds bounds, Instant now) {
        this.definition = definition;
        this.subject = definition.subject();
        this.bounds = bounds;
        this.since = now;
    }

    CheckDefinition definition() {
        return definition;
    }

    /** See {@link CheckDefinition#subject}; it stays the same. */
    String subject() {
        return subject;
    }

    /** Goes on with other labels and another alert. */
    void redefine(CheckDefinition next) {
        definition = next;
        cases.forEach(each -> each.alert(next.alert()));
    }

    /** What outlives a restart. */
    JsonObject save() {
        JsonArray failed = new JsonArray();
        failures().forEach(each -> failed.add(each.toJson()));
        JsonArray changed = new JsonArray();
        changes().forEach(each -> changed.add(each.toJson()));
        JsonObject json = new JsonObject();
        synchronized (this) {
            json.put("state", state.name()).put("since", since.toString());
        }
        return json.put("failures", failed)
                .put("changes", changed)
                .put(
                        "cases",
                        new JsonArray(cases.stream().map(MonitoredCase::save).toList()));
    }

    /**
     * Takes what was saved, once it is opened and before the first round; throws a {@link RuntimeException} where it is something else.
     */
    private synchronized void restore(JsonObject json) {
        state = State.valueOf(json.getString("state"));
        since = Instant.parse(json.getString("since"));
        json.getJsonArray("failures").forEach(each -> failures.add(SavedReports.failure((JsonObject) each)));
        while (failures.size() > bounds.failures()) {
            failures.remove();
        }
        json.getJsonArray("changes").forEach(each -> changes.add(SavedReports.change((JsonObject) each)));
        Map<String, JsonObject> byName = new HashMap<>();
        json.getJsonArray("cases")
                .forEach(each -> byName.put(((JsonObject) each).getString("name"), (JsonObject) each));
        for (MonitoredCase each : cases) {
            JsonObject saved = byName.get(each.name());
            if (saved != null) {
                each.restore(saved);
            }
        }
    }

    /** Has it begin with what was saved, once it is opened. */
    void expect(SavedCheck saved) {
        expected = saved;
    }

    /** What it is to begin with; null where that is done. */
    @Nullable SavedCheck expected() {
        return expected;
    }

    void opened(List<MonitoredCase> all) {
        cases = List.copyOf(all);
        SavedCheck saved = expected;
        if (saved != null) {
            try {
                restore(saved.json());
            } catch (RuntimeException e) {
                LOG.warn("check {}: what was saved of it cannot be used: {}", name(), e.toString());
            }
            expected = null;
        }
    }

    /** It cannot be played, though its configuration was valid when it was read. */
    synchronized StateChange unplayable(Instant now, String why) {
        StateChange change = new StateChange(
                name(),
                null,
                state,
                State.FAILING,
                now,
                since,
                Diagnosis.of(FailureKind.FAILED, "cannot be played: " + why),
                labels());
        problem = why;
        state = State.FAILING;
        since = now;
        changes.add(change);
        return change;
    }

    /** Its key in the configuration. */
    public String name() {
        return definition.name();
    }

    /** Of its metrics and notifications. */
    public Map<String, String> labels() {
        return definition.labels();
    }

    /** From the start of a case's round to the start of its next. */
    public Duration every() {
        return definition.every();
    }

    public Alert alert() {
        return definition.alert();
    }

    /** In the order of the script; empty until it is opened. */
    public List<MonitoredCase> cases() {
        return cases;
    }

    /** {@link State#FAILING} if any case is; {@link State#OK} if one is and none is failing. */
    public synchronized State state() {
        return state;
    }

    /** When the state began. */
    public synchronized Instant since() {
        return since;
    }

    /** Its last failures, 100 at most, the oldest first. */
    public synchronized List<Failure> failures() {
        return List.copyOf(failures);
    }

    /** Its last changes of state, and those of its cases; 100 at most, the oldest first. */
    public synchronized List<StateChange> changes() {
        return List.copyOf(changes);
    }

    /** Why it is failing: of the cases that are, the one that has been for longest; null where none is. */
    public @Nullable Diagnosis diagnosis() {
        MonitoredCase worst = null;
        for (MonitoredCase each : cases) {
            if (each.state() == State.FAILING && (worst == null || each.since().isBefore(worst.since()))) {
                worst = each;
            }
        }
        return worst == null ? null : worst.diagnosis();
    }

    /** Takes a round of a case; tells what has changed, the case before the check. */
    synchronized List<StateChange> add(Instant at, MonitoredCase played, Report round) {
        if (!round.passed()) {
            failures.add(Failure.of(played.name(), round));
            while (failures.size() > bounds.failures()) {
                failures.remove();
            }
        }
        Instant began = played.since();
        State before = played.add(at, round);
        if (before == played.state()) {
            return List.of();
        }
        List<StateChange> now = new ArrayList<>();
        now.add(new StateChange(
                name(), played.name(), before, played.state(), at, began, played.diagnosis(), labels()));
        State all = worst();
        if (all != state) {
            now.add(new StateChange(name(), null, state, all, at, since, diagnosis(), labels()));
            state = all;
            since = at;
        }
        for (StateChange change : now) {
            changes.add(change);
            if (changes.size() > MOST_CHANGES) {
                changes.remove();
            }
        }
        return now;
    }

    private State worst() {
        State worst = State.UNKNOWN;
        for (MonitoredCase each : cases) {
            worst = each.state().compareTo(worst) > 0 ? each.state() : worst;
        }
        return worst;
    }

    /**
     * {@code name}, {@code state}, {@code since} (ISO-8601), {@code everyMillis}, {@code labels}, {@code alert} ({@code failures},
     * {@code outOf}), {@code cases} (see {@link MonitoredCase#toJson}), and where it is failing {@code diagnosis} (see
     * {@link Diagnosis#toJson}).
     */
    public JsonObject toJson() {
        JsonObject labels = new JsonObject();
        labels().forEach(labels::put);
        JsonObject json = new JsonObject().put("name", name());
        synchronized (this) {
            json.put("state", state.toString()).put("since", since.toString());
            Diagnosis.putIfKnown(json, "problem", problem);
        }
        Diagnosis why = diagnosis();
        Diagnosis.putIfKnown(json, "diagnosis", why == null ? null : why.toJson());
        return json.put("everyMillis", every().toMillis())
                .put("labels", labels)
                .put(
                        "alert",
                        new JsonObject().put("failures", alert().failures()).put("outOf", alert().outOf()))
                .put(
                        "cases",
                        new JsonArray(cases.stream().map(MonitoredCase::toJson).toList()));
    }

    /** The same with {@code failures} (see {@link Failure#toJson}) and {@code changes} (see {@link StateChange#toJson}), the last first. */
    public JsonObject toDetailedJson() {
        JsonArray failed = new JsonArray();
        List<Failure> kept = failures();
        for (int i = kept.size() - 1; i >= 0; i--) {
            failed.add(kept.get(i).toJson());
        }
        JsonArray changed = new JsonArray();
        List<StateChange> told = changes();
        for (int i = told.size() - 1; i >= 0; i--) {
            changed.add(told.get(i).toJson());
        }
        return toJson().put("failures", failed).put("changes", changed);
    }
}
