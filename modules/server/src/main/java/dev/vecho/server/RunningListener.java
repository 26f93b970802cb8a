package dev.vecho.server;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.Content;
import dev.vecho.server.Configuration.ValidListener;
import io.vertx.core.Context;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A listener that is open on all event loops. Its sockets and its transport stay the same; what the configuration says of it may
 * change, even its name. Changed on the service's context only.
 */
final class RunningListener {

    private final ServerTransport server;
    private final Traffic traffic;
    private final List<Listener> parts = new CopyOnWriteArrayList<>();
    private final List<Context> loops = new CopyOnWriteArrayList<>();
    private volatile ValidListener valid;
    private volatile boolean inService;
    private volatile String deployment = "";

    RunningListener(ValidListener valid, Traffic traffic) {
        this.server = valid.server();
        this.valid = valid;
        this.traffic = traffic;
    }

    /** An event loop's share is open. */
    void add(Listener part, Context loop) {
        parts.add(part);
        loops.add(loop);
    }

    /** All of them are. */
    void deployed(String id) {
        deployment = id;
    }

    String deployment() {
        return deployment;
    }

    /** The one that is open. */
    ServerTransport server() {
        return server;
    }

    Traffic traffic() {
        return traffic;
    }

    List<Context> loops() {
        return loops;
    }

    String name() {
        return valid.name();
    }

    String transport() {
        return valid.transport();
    }

    Content content() {
        return valid.content();
    }

    /** It has adopted another. */
    void become(ValidListener next) {
        valid = next;
    }

    /** Whether it is one of the service's: not before all others of a change are open, nor when a change has removed it. */
    boolean isInService() {
        return inService;
    }

    void inService(boolean yes) {
        inService = yes;
    }

    boolean canBecome(ValidListener next) {
        return next.transport().equals(transport()) && server.canAdopt(next.server());
    }

    /** As it is now. */
    OpenListener view() {
        Listener first = parts.get(0);
        return new OpenListener(name(), transport(), first.addresses(), first.notes(), traffic, parts);
    }
}
