package dev.vecho.server;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.Options;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A section on the class path of these tests, which notes what it is told. */
public final class ProbeSection implements Section {

    /** What happened, since the last test cleared it. */
    static final Queue<String> EVENTS = new ConcurrentLinkedQueue<>();

    @Override
    public String key() {
        return "probe";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        Probe probe =
                new Probe(options.text("name", "none"), options.flag("fails", false), options.flag("adopts", false));
        options.file("file");
        options.rejectUnknownKeys();
        return probe;
    }

    private record Probe(String name, boolean fails, boolean adopts) implements Prepared {

        @Override
        public Future<Running> start(EchoService service) {
            EVENTS.add("start " + name);
            if (fails) {
                return Future.failedFuture(
                        new TransportException(Fault.BIND, "probe: " + name + " cannot start", null));
            }
            return Future.succeededFuture(new Running() {
                @Override
                public List<String> notes() {
                    return List.of("probe " + name);
                }

                @Override
                public boolean adopt(Prepared next) {
                    Probe other = (Probe) next;
                    if (other.adopts) {
                        EVENTS.add("adopt " + other.name);
                    }
                    return other.adopts;
                }

                @Override
                public Future<Void> stop() {
                    EVENTS.add("stop " + name);
                    return Future.succeededFuture();
                }
            });
        }
    }
}
