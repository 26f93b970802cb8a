package dev.vecho.management;

import dev.vecho.core.OpenConnection;
import dev.vecho.core.OpenConnection.Facts;
import dev.vecho.core.OpenConnections;
import dev.vecho.core.Traffic.Part;
import dev.vecho.server.EchoService;
import dev.vecho.server.OpenListener;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The open connections as clients see them. Each event loop looks at its own, for {@value #SLICE_MICROS} µs at a time and with a pause
 * after each, so that its other connections do not notice; and one page is made after the other, however many ask. Used on the
 * management listener's event loop only.
 */
final class ConnectionViews {

    private static final long SLICE_MICROS = 300;
    private static final long PAUSE_MILLIS = 1;

    /** A page that takes longer ends where it is: its cursor leads on. */
    private static final long PAGE_MILLIS = 2000;

    private final Vertx vertx;
    private final EchoService service;
    private final LongSupplier nanoTime;
    private Future<?> last = Future.succeededFuture();

    ConnectionViews(Vertx vertx, EchoService service) {
        this(vertx, service, System::nanoTime);
    }

    /** @param nanoTime the clock, asked on all event loops */
    ConnectionViews(Vertx vertx, EchoService service, LongSupplier nanoTime) {
        this.vertx = vertx;
        this.service = service;
        this.nanoTime = nanoTime;
    }

    /** One event loop's share of a listener. */
    private record Place(OpenListener listener, int number, Part part) {

        /** The identifier of a connection says where it is, and how many were there before. */
        String id(int slot) {
            return listener.name() + "." + number + "." + slot + "."
                    + part.connections().use(slot);
        }
    }

    /** What was found of a connection, on its event loop. */
    private record Found(
            String id, OpenListener listener, Facts facts, Map<String, String> tls, Map<String, Long> path) {

        static Found of(Place place, int slot, OpenConnection connection, Facts facts) {
            return new Found(place.id(slot), place.listener(), facts, connection.tls(), connection.path());
        }

        JsonObject toJson(Instant now) {
            JsonObject json = new JsonObject()
                    .put("id", id)
                    .put("listener", listener.name())
                    .put("transport", listener.transport())
                    .put("state", ConnectionFilter.name(facts.stage()))
                    .put("remote", facts.remote())
                    .put("local", facts.local());
            if (facts.client() != null) {
                json.put("client", facts.client());
            }
            json.put("openSince", time(now.minus(facts.age())))
                    .put("ageMillis", facts.age().toMillis());
            if (facts.idle() != null) {
                json.put("idleMillis", facts.idle().toMillis());
            }
            if (facts.inStage() != null) {
                json.put("inStateSince", time(now.minus(facts.inStage())));
            }
            json.put("receivedBytes", facts.received())
                    .put("sentBytes", facts.sent())
                    .put("waitingBytes", facts.waiting());
            if (!tls.isEmpty()) {
                json.put("tls", new JsonObject(new LinkedHashMap<>(tls)));
            }
            if (!path.isEmpty()) {
                json.put("path", new JsonObject(new LinkedHashMap<>(path)));
            }
            return json;
        }

        private static String time(Instant instant) {
            return instant.truncatedTo(ChronoUnit.MILLIS).toString();
        }
    }

    private List<Place> places() {
        List<Place> places = new ArrayList<>();
        for (OpenListener listener : service.listeners()) {
            List<Part> parts = listener.traffic().parts();
            for (int i = 0; i < parts.size(); i++) {
                places.add(new Place(listener, i, parts.get(i)));
            }
        }
        return places;
    }

    /** A page: {@code connections}, and {@code next}, the cursor of the page that follows, where there may be one. */
    Future<Answer> page(ConnectionFilter filter) {
        // A thousand of them as text take an event loop longer than it may be taken.
        Future<Answer> page = last.transform(before -> new Scan(filter).run())
                .compose(found -> vertx.executeBlocking(() -> Answer.json(found.toJson()), false));
        last = page;
        return page;
    }

    /**
     * What was found.
     *
     * @param next where it goes on; null where nothing follows
     */
    private record Page(List<Found> found, @Nullable String next) {

        JsonObject toJson() {
            Instant now = Instant.now();
            JsonArray connections = new JsonArray();
            found.forEach(each -> connections.add(each.toJson(now)));
            JsonObject json = new JsonObject().put("connections", connections);
            return next == null ? json : json.put("next", next);
        }
    }

    /** A way through the connections of all event loops, one after the other. */
    private final class Scan {

        private final ConnectionFilter filter;
        private final List<Place> places;
        private final List<Found> found = new ArrayList<>();
        private final Promise<Page> page = Promise.promise();
        private final Context context = vertx.getOrCreateContext();
        private final long end = nanoTime.getAsLong() + PAGE_MILLIS * 1_000_000;
        private int place;
        private int slot;

        Scan(ConnectionFilter filter) {
            this.filter = filter;
            this.places = places();
            places.removeIf(
                    each -> filter.listener() != null && !each.listener().name().equals(filter.listener()));
            if (filter.cursor() != null) {
                goTo(filter.cursor());
            }
        }

        /** To where the cursor was, or to what comes after its listener where that is gone. */
        private void goTo(String cursor) {
            String[] parts = cursor.split("\\.", -1);
            String name = parts[0];
            int number = Integer.parseInt(parts[1]);
            while (place < places.size() && isBefore(places.get(place), name, number)) {
                place++;
            }
            boolean there = place < places.size()
                    && places.get(place).listener().name().equals(name)
                    && places.get(place).number() == number;
            slot = there ? Integer.parseInt(parts[2]) : 0;
        }

        private boolean isBefore(Place each, String name, int number) {
            int order = each.listener().name().compareTo(name);
            return order < 0 || (order == 0 && each.number() < number);
        }

        Future<Page> run() {
            next();
            return page.future();
        }

        private void next() {
            if (place == places.size() || found.size() == filter.limit() || nanoTime.getAsLong() - end > 0) {
                page.complete(result());
            } else {
                Place here = places.get(place);
                here.part().loop().execute(() -> {
                    slice(here);
                    context.runOnContext(done -> vertx.setTimer(PAUSE_MILLIS, paused -> next()));
                });
            }
        }

        /** On the connections' event loop. */
        private void slice(Place here) {
            OpenConnections all = here.part().connections();
            long stop = nanoTime.getAsLong() + SLICE_MICROS * 1000;
            while (slot < all.end() && found.size() < filter.limit() && nanoTime.getAsLong() - stop < 0) {
                OpenConnection connection = all.at(slot);
                if (connection != null) {
                    Facts facts = connection.facts();
                    if (filter.matches(facts)) {
                        found.add(Found.of(here, slot, connection, facts));
                    }
                }
                slot++;
            }
            if (slot >= all.end()) {
                place++;
                slot = 0;
            }
        }

        private Page result() {
            if (place == places.size()) {
                return new Page(found, null);
            }
            Place here = places.get(place);
            return new Page(found, here.listener().name() + "." + here.number() + "." + slot);
        }
    }

    /** A connection; empty where there is none of this identifier any more. */
    Future<Optional<JsonObject>> one(String id) {
        return on(id, found -> found.toJson(Instant.now()), false);
    }

    /** Closes a connection. False where there is none of this identifier any more. */
    Future<Boolean> close(String id) {
        return on(id, found -> true, true).map(Optional::isPresent);
    }

    private <T> Future<Optional<T>> on(String id, Function<Found, T> use, boolean close) {
        String[] parts = id.split("\\.", -1);
        Place place = parts.length == 4 ? place(parts[0], parts[1]) : null;
        if (place == null || !parts[2].matches("[0-9]{1,9}")) {
            return Future.succeededFuture(Optional.empty());
        }
        int slot = Integer.parseInt(parts[2]);
        Context context = vertx.getOrCreateContext();
        Promise<Optional<T>> result = Promise.promise();
        place.part().loop().execute(() -> {
            OpenConnection connection = place.part().connections().at(slot);
            Optional<T> found = Optional.empty();
            if (connection != null && place.id(slot).equals(id)) {
                found = Optional.of(use.apply(Found.of(place, slot, connection, connection.facts())));
                if (close) {
                    connection.close();
                }
            }
            Optional<T> told = found;
            context.runOnContext(here -> result.complete(told));
        });
        return result.future();
    }

    private @Nullable Place place(String listener, String number) {
        return places().stream()
                .filter(each -> each.listener().name().equals(listener)
                        && Integer.toString(each.number()).equals(number))
                .findFirst()
                .orElse(null);
    }
}
