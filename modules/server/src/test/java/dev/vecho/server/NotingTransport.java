package dev.vecho.server;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import dev.vecho.core.config.Options;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A transport on the class path of these tests that opens nothing and notes what it was told. */
public class NotingTransport implements Transport {

    /** The threads that were told to listen, since the last test cleared it. */
    static final Queue<String> LISTENED = new ConcurrentLinkedQueue<>();

    /** The grace periods of the listeners that were told to drain, since the last test cleared it. */
    static final Queue<Duration> DRAINED = new ConcurrentLinkedQueue<>();

    static void clear() {
        LISTENED.clear();
        DRAINED.clear();
    }

    @Override
    public String name() {
        return "noting";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("noting");
    }

    @Override
    public Framing framing() {
        return Framing.STREAM;
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        String address = options.text("place", "nowhere");
        options.rejectUnknownKeys();
        return new ServerTransport() {
            @Override
            public String address() {
                return address;
            }

            @Override
            public Future<Listener> listen(Traffic traffic) {
                LISTENED.add(Thread.currentThread().getName());
                return Future.succeededFuture(new NotingListener(address));
            }
        };
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        throw new UnsupportedOperationException("there is no client");
    }

    private record NotingListener(String place) implements Listener {

        @Override
        public List<String> addresses() {
            return List.of("noting://" + place);
        }

        @Override
        public List<String> notes() {
            return List.of("notes everything");
        }

        @Override
        public Future<Void> drain(Duration grace) {
            DRAINED.add(grace);
            return Future.succeededFuture();
        }
    }
}
