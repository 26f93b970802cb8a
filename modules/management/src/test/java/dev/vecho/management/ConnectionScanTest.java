package dev.vecho.management;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.OpenConnection;
import dev.vecho.core.OpenConnections;
import dev.vecho.core.Traffic;
import dev.vecho.server.ConfiguredValue;
import dev.vecho.server.EchoService;
import dev.vecho.server.OpenListener;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hundred thousand connections on one event loop are told of without holding it up. Time is what a test says it is. */
@Timeout(120)
class ConnectionScanTest {

    private static final int CONNECTIONS = 100_000;

    /** What it takes to ask a connection, of the time of the test. */
    private static final long ASKING_NANOS = 5_000;

    private static final long SLICE_NANOS = 300_000;

    private final AtomicLong clock = new AtomicLong();
    private final Set<String> renderers = java.util.concurrent.ConcurrentHashMap.newKeySet();
    private long asked;
    private long mostAsked;
    private long longestNanos;

    /** One that takes time to be asked, and notes who looks at what it has told. */
    private final class Connection implements OpenConnection {

        @Override
        public Facts facts() {
            asked++;
            clock.addAndGet(ASKING_NANOS);
            return new Facts("127.0.0.1:1", "127.0.0.1:2", null, Stage.OPEN, Duration.ZERO, null, null, 0, 0, 0);
        }

        @Override
        public Map<String, String> tls() {
            return new AbstractMap<>() {
                @Override
                public Set<Entry<String, String>> entrySet() {
                    renderers.add(Thread.currentThread().getName());
                    return Set.of(Map.entry("version", "TLSv1.3"));
                }
            };
        }

        @Override
        public void close() {}
    }

    private record Service(List<OpenListener> listeners) implements EchoService {

        @Override
        public State state() {
            return State.READY;
        }

        @Override
        public List<ConfiguredValue> configuration() {
            return List.of();
        }

        @Override
        public Future<Reload> reload() {
            return Future.failedFuture("it does not");
        }

        @Override
        public Optional<Reload> lastReload() {
            return Optional.empty();
        }
    }

    private JsonObject page(ConnectionViews views, Vertx vertx, Map<String, String> query) throws Exception {
        return Future.<Answer>future(promise -> vertx.runOnContext(here -> views.page(ConnectionFilter.read(
                                MultiMap.caseInsensitiveMultiMap().addAll(query)))
                        .onComplete(promise)))
                .map(answer -> new JsonObject(answer.body()))
                .await(60, TimeUnit.SECONDS);
    }

    @Test
    void holdsNoEventLoopForLongerThanASlice() throws Exception {
        ExecutorService loop = Executors.newSingleThreadExecutor();
        Vertx vertx = Vertx.vertx();
        try {
            Traffic traffic = new Traffic();
            OpenConnections all = traffic.share(task -> loop.execute(() -> {
                        long before = clock.get();
                        asked = 0;
                        task.run();
                        mostAsked = Math.max(mostAsked, asked);
                        longestNanos = Math.max(longestNanos, clock.get() - before);
                    }))
                    .connections();
            for (int i = 0; i < CONNECTIONS; i++) {
                all.add(new Connection());
            }
            Service service =
                    new Service(List.of(new OpenListener("a", "tcp", List.of(), List.of(), traffic, List.of())));
            ConnectionViews views = new ConnectionViews(vertx, service, clock::get);
            Set<String> seen = new HashSet<>();
            String cursor = null;
            do {
                JsonObject page = page(
                        views,
                        vertx,
                        cursor == null ? Map.of("limit", "1000") : Map.of("limit", "1000", "cursor", cursor));
                page.getJsonArray("connections").forEach(each -> seen.add(((JsonObject) each).getString("id")));
                cursor = page.getString("next");
            } while (cursor != null);
            assertThat(seen).hasSize(CONNECTIONS);
            // None of them passes: all are asked for the pages, and no more are found.
            cursor = "a.0.0";
            int pages = 0;
            do {
                JsonObject page = page(views, vertx, Map.of("minWaitingBytes", "1", "cursor", cursor));
                assertThat(page.getJsonArray("connections")).isEmpty();
                cursor = page.getString("next");
                pages++;
            } while (cursor != null);
            assertThat(pages).isLessThan(CONNECTIONS / 1000);
            assertThat(longestNanos).isPositive().isLessThanOrEqualTo(SLICE_NANOS + ASKING_NANOS);
            assertThat(mostAsked).isLessThanOrEqualTo(SLICE_NANOS / ASKING_NANOS + 1);
            assertThat(renderers).isNotEmpty().allMatch(name -> name.startsWith("vert.x-worker-thread"));
        } finally {
            vertx.close().await();
            loop.shutdown();
        }
    }
}
