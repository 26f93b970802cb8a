package dev.vecho.server;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.NamedFiles;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a service's configuration again, and tells whether there is anything new in it or in the files that it names: as they are
 * found under their names, whatever was put in their place. Used on the service's context only.
 */
final class ConfigurationWatch {

    private final Vertx vertx;
    private final @Nullable Sources sources;
    private Configuration latest;
    private JsonObject changes = new JsonObject();
    private Seen seen = new Seen(new JsonObject(), Map.of(), List.of());
    private @Nullable Runnable changed;
    private Duration period = Duration.ZERO;
    private long timer = -1;
    private int reads;
    private boolean looking;

    /** Whether something new was told of that nobody has read yet. */
    private boolean told;

    /**
     * What was found.
     *
     * @param problems why it could not be read; none where it could
     */
    private record Seen(JsonObject json, Map<Path, String> files, List<String> problems) {}

    ConfigurationWatch(Vertx vertx, Configuration first) {
        this.vertx = vertx;
        this.sources = first.sources(vertx);
        this.latest = first;
    }

    /** Reads it; fails with an {@link InvalidInputException}. */
    Future<Configuration> read() {
        if (sources == null) {
            return Future.succeededFuture(changed(latest));
        }
        return sources.read()
                .map(Configuration::new)
                .onSuccess(read -> latest = read)
                .map(this::changed)
                .onFailure(failure -> saw(unreadable(failure)));
    }

    /** What was changed while the service runs. */
    JsonObject changes() {
        return changes;
    }

    /** Has the configuration changed in this way from the next read on. */
    void change(JsonObject next) {
        changes = next;
    }

    /** A configuration, with that. */
    Configuration changed(Configuration read) {
        return read.with("management", changes);
    }

    private void saw(Seen now) {
        seen = now;
        reads++;
        told = false;
    }

    private Seen unreadable(Throwable failure) {
        List<String> problems =
                failure instanceof InvalidInputException invalid ? invalid.problems() : List.of(failure.toString());
        // Files that it named before are of no interest until it can be read again.
        return new Seen(new JsonObject(), Map.of(), problems);
    }

    /** Notes what was validated, rightly or not, and so is nothing new any more. */
    void validated(Configuration configuration, NamedFiles files) {
        saw(new Seen(configuration.json(), files.digests(), List.of()));
    }

    /** Notes that another configuration is in effect now, which an application has made. */
    void replaced(Configuration configuration, NamedFiles files) {
        latest = configuration;
        validated(configuration, files);
        Runnable action = changed;
        if (action != null) {
            start(period, action);
        }
    }

    /** Whether it is read from somewhere, and not an application's own. Any thread. */
    boolean readsSources() {
        return sources != null;
    }

    /**
     * Looks from time to time.
     *
     * @param every zero for never
     * @param onChange called when there is something new; {@link #read} and {@link #validated} follow
     */
    void start(Duration every, Runnable onChange) {
        period = every;
        changed = onChange;
        vertx.cancelTimer(timer);
        // An application's own configuration does not change by itself.
        if (!every.isZero() && (sources != null || !seen.files().isEmpty())) {
            timer = vertx.setTimer(every.toMillis(), fired -> look());
        }
    }

    private void look() {
        if (looking) {
            return;
        }
        looking = true;
        Seen before = seen;
        int readsBefore = reads;
        now().onComplete(found -> {
            looking = false;
            Runnable action = changed;
            if (action == null) {
                return;
            }
            start(period, action);
            // Else a reload has come in between.
            if (reads == readsBefore && !told && !found.result().equals(before)) {
                told = true;
                action.run();
            }
        });
    }

    private Future<Seen> now() {
        Future<JsonObject> json = sources == null
                ? Future.succeededFuture(changed(latest).json())
                : sources.read()
                        .map(layers -> changed(new Configuration(layers)).json());
        return json.compose(merged -> vertx.executeBlocking(
                        () -> new Seen(merged, NamedFiles.digests(seen.files().keySet()), List.of()), false))
                .recover(failure -> Future.succeededFuture(unreadable(failure)));
    }

    /** Looks no more. */
    void stop() {
        vertx.cancelTimer(timer);
        changed = null;
        if (sources != null) {
            sources.close();
        }
    }
}
