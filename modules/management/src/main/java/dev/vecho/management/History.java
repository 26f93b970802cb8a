package dev.vecho.management;

import dev.vecho.core.Traffic.Snapshot;
import dev.vecho.server.OpenListener;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the listeners did in each of the last {@value #SECONDS} seconds, so that who looks now sees since when it is so. It takes about
 * 30 KB a listener. Used on one event loop only.
 */
final class History {

    static final int SECONDS = 300;

    private final Map<String, Past> listeners = new HashMap<>();

    /** What a listener did within a second. */
    record Second(long accepted, long refused, long failed, long received, long sent, int active) {

        static final Second NOTHING = new Second(0, 0, 0, 0, 0, 0);
    }

    /** What is kept of a listener. */
    private static final class Past {

        final Deque<Second> seconds = new ArrayDeque<>();
        Snapshot last;

        @Nullable Instant failed;

        @Nullable Instant refused;

        Past(Snapshot last) {
            this.last = last;
        }

        void add(Snapshot now, Instant at) {
            // Counters that are lower than they were are those of another listener of the same name.
            Snapshot before = now.accepted() < last.accepted() || now.bytes() < last.bytes() ? now : last;
            Second second = new Second(
                    now.accepted() - before.accepted(),
                    now.refused() - before.refused(),
                    now.failed() - before.failed(),
                    now.bytes() - before.bytes(),
                    now.sent() - before.sent(),
                    now.active());
            failed = second.failed() > 0 ? at : failed;
            refused = second.refused() > 0 ? at : refused;
            if (seconds.size() == SECONDS) {
                seconds.removeFirst();
            }
            seconds.addLast(second);
            last = now;
        }
    }

    /** Looks at the counters, once a second. */
    void look(List<OpenListener> open, Instant at) {
        listeners.keySet().retainAll(open.stream().map(OpenListener::name).toList());
        for (OpenListener listener : open) {
            listeners
                    .computeIfAbsent(listener.name(), first -> new Past(new Snapshot(0, 0, 0, 0, 0, 0)))
                    .add(listener.traffic().snapshot(), at);
        }
    }

    /** Begins with what the listeners have counted before somebody looked. */
    void begin(List<OpenListener> open) {
        open.forEach(listener ->
                listeners.put(listener.name(), new Past(listener.traffic().snapshot())));
    }

    /** The last second of a listener. */
    Second last(String listener) {
        Past past = listeners.get(listener);
        return past == null || past.seconds.isEmpty() ? Second.NOTHING : past.seconds.getLast();
    }

    /** When the last connection failed, as far as somebody has looked. */
    @Nullable Instant failed(String listener) {
        Past past = listeners.get(listener);
        return past == null ? null : past.failed;
    }

    /** When the last connection was refused. */
    @Nullable Instant refused(String listener) {
        Past past = listeners.get(listener);
        return past == null ? null : past.refused;
    }

    /** All of it, the last second last; numbers side by side, for there are many. */
    JsonObject toJson() {
        JsonObject all = new JsonObject();
        listeners.forEach((name, past) -> {
            JsonArray seconds = new JsonArray();
            past.seconds.forEach(each -> seconds.add(toJson(each)));
            all.put(name, seconds);
        });
        return all;
    }

    /** Accepted, refused, failed, bytes received, bytes sent, open. */
    static JsonArray toJson(Second second) {
        return new JsonArray()
                .add(second.accepted())
                .add(second.refused())
                .add(second.failed())
                .add(second.received())
                .add(second.sent())
                .add(second.active());
    }
}
