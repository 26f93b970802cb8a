package dev.vecho.server;

import dev.vecho.core.config.Content;
import dev.vecho.server.Configuration.ValidSection;
import dev.vecho.server.Section.Running;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sections of a service that run, and their way from one configuration to the next. Used on the service's context only, but for
 * {@link #face}.
 */
final class RunningSections {

    private static final Logger LOG = LoggerFactory.getLogger(RunningSections.class);

    private final EchoService service;
    private final Map<String, One> running = Collections.synchronizedMap(new LinkedHashMap<>());

    /** One of them. */
    private record One(ValidSection valid, Running running) {}

    RunningSections(EchoService service) {
        this.service = service;
    }

    /**
     * Goes over to those of a configuration, one after the other. Where one cannot start, all that was changed is changed back.
     *
     * @return what was done, a sentence each; fails as the section did
     */
    Future<List<String>> change(Map<String, ValidSection> next, Difference difference) {
        List<String> sentences = new ArrayList<>();
        List<Supplier<Future<?>>> back = new ArrayList<>();
        Future<?> chain = Future.succeededFuture();
        TreeSet<String> keys = new TreeSet<>(running.keySet());
        keys.addAll(next.keySet());
        for (String key : keys) {
            chain = chain.compose(done -> change(key, next.get(key), difference, sentences, back));
        }
        return chain.map(sentences).recover(failure -> {
            Future<?> undo = Future.succeededFuture();
            for (int i = back.size() - 1; i >= 0; i--) {
                Supplier<Future<?>> one = back.get(i);
                undo = undo.compose(done -> one.get());
            }
            return undo.transform(undone -> {
                if (undone.failed()) {
                    LOG.error(
                            "a section could not be started again: {}",
                            undone.cause().getMessage());
                }
                return Future.failedFuture(failure);
            });
        });
    }

    private Future<?> change(
            String key,
            @Nullable ValidSection wanted,
            Difference difference,
            List<String> sentences,
            List<Supplier<Future<?>>> back) {
        One now = running.get(key);
        if (wanted == null) {
            if (now == null) {
                return Future.succeededFuture();
            }
            return stop(key, now).onSuccess(stopped -> {
                back.add(() -> start(key, now.valid()));
                sentences.add(key + ": stopped");
            });
        }
        if (now == null) {
            return start(key, wanted).onSuccess(started -> {
                back.add(() -> stop(key, started));
                sentences.add(key + ": started");
            });
        }
        Content before = now.valid().content();
        if (before.equals(wanted.content())) {
            return Future.succeededFuture();
        }
        sentences.add(key + ": " + difference.of(key, before, key, wanted.content()));
        if (now.running().adopt(wanted.prepared())) {
            running.put(key, new One(wanted, now.running()));
            back.add(() -> {
                now.running().adopt(now.valid().prepared());
                running.put(key, now);
                return Future.succeededFuture();
            });
            return Future.succeededFuture();
        }
        // In this order: they may have the same address.
        return stop(key, now)
                .onSuccess(stopped -> back.add(() -> start(key, now.valid())))
                .compose(stopped -> start(key, wanted))
                .onSuccess(started -> back.add(() -> stop(key, started)));
    }

    private Future<One> start(String key, ValidSection section) {
        return section.prepared().start(service).map(started -> {
            One one = new One(section, started);
            running.put(key, one);
            return one;
        });
    }

    private Future<?> stop(String key, One section) {
        running.remove(key);
        return section.running().stop();
    }

    /** What an operator should know of them, by key. */
    Map<String, List<String>> notes() {
        Map<String, List<String>> notes = new LinkedHashMap<>();
        running.forEach((key, one) -> notes.put(key, one.running().notes()));
        return notes;
    }

    /** What one of them lets others use. Any thread. */
    <T> Optional<T> face(Class<T> type) {
        synchronized (running) {
            return running.values().stream()
                    .flatMap(one -> one.running().face(type).stream())
                    .findFirst();
        }
    }

    /** Stops them all; never fails. */
    Future<Void> close() {
        List<One> all = List.copyOf(running.values());
        running.clear();
        return Future.join(all.stream().map(one -> one.running().stop()).toList())
                .transform(stopped -> Future.succeededFuture());
    }
}
