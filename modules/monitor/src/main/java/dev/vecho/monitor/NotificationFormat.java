package dev.vecho.monitor;

import dev.vecho.client.report.Diagnosis;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a receiver wants to be told. */
enum NotificationFormat {
    /** A list of what {@link StateChange#toJson} describes. */
    JSON {
        @Override
        JsonArray body(List<Notice> notices, ReceiverOptions options, Instant now) {
            return new JsonArray(
                    notices.stream().map(notice -> notice.change().toJson()).toList());
        }
    },
    /** The list of alerts that {@code POST /api/v2/alerts} of an Alertmanager takes. */
    ALERTMANAGER {
        @Override
        JsonArray body(List<Notice> notices, ReceiverOptions options, Instant now) {
            return new JsonArray(
                    notices.stream().map(notice -> alert(notice, options, now)).toList());
        }
    };

    /** That of the rule in conf/prometheus, which means the same. */
    private static final String ALERT_NAME = "VechoCheckFailing";

    /** An alert that nobody tells of any more ends by itself, when so many repetitions did not come. */
    private static final int REPETITIONS = 4;

    /**
     * Something to tell.
     *
     * @param change the newest
     * @param began that with which the case began to fail
     */
    record Notice(StateChange change, StateChange began) {}

    abstract JsonArray body(List<Notice> notices, ReceiverOptions options, Instant now);

    /** Its labels are those that it began with: they say which alert it is, also when it ends. */
    private static JsonObject alert(Notice notice, ReceiverOptions options, Instant now) {
        StateChange began = notice.began();
        boolean firing = notice.change().to() == State.FAILING;
        JsonObject labels = new JsonObject();
        began.labels().forEach(labels::put);
        labels.put("alertname", ALERT_NAME).put("check", began.check());
        Diagnosis.putIfKnown(labels, "case", began.caseName());
        if (began.diagnosis() != null) {
            labels.put("word", began.diagnosis().word().toString());
            Diagnosis.putIfKnown(labels, "reason", began.diagnosis().reason());
        }
        Duration repeat = options.repeat().multipliedBy(REPETITIONS);
        JsonObject alert = new JsonObject()
                .put("labels", labels)
                .put("annotations", annotations(began, firing ? notice.change().diagnosis() : began.diagnosis()))
                .put("startsAt", time(began.at()))
                .put("endsAt", time(firing ? now.plus(repeat) : notice.change().at()));
        Diagnosis.putIfKnown(alert, "generatorURL", options.page());
        return alert;
    }

    private static JsonObject annotations(StateChange began, @Nullable Diagnosis why) {
        String what = began.check() + (began.caseName() == null ? "" : ": " + began.caseName());
        return why == null
                ? new JsonObject().put("summary", what)
                : new JsonObject().put("summary", what + ": " + why.kind()).put("description", why.sentence());
    }

    /** RFC 3339 with no more digits than others read. */
    private static String time(Instant at) {
        return at.truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
