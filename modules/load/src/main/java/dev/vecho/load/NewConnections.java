package dev.vecho.load;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A client that opens a connection for each message, and closes it when that has come back. */
final class NewConnections implements Client, Flow.Owner {

    /** A target that refuses everything is not to be flooded. */
    private static final int MILLIS_AFTER_A_FAILURE = 10;

    private final Vertx vertx;
    private final Worker worker;
    private final int place;
    private @Nullable Flow current;
    private long beganAt;
    private long due;
    private long begun;
    private boolean over;

    NewConnections(Vertx vertx, Worker worker, int place) {
        this.vertx = vertx;
        this.worker = worker;
        this.place = place;
        this.due = worker.paced() ? 0 : Long.MAX_VALUE;
    }

    @Override
    public Future<Void> open() {
        return Future.succeededFuture();
    }

    @Override
    public void begin() {
        next();
    }

    @Override
    public void due() {
        due++;
        next();
    }

    private void next() {
        if (over || current != null || begun == due || !worker.sending()) {
            return;
        }
        begun++;
        beganAt = System.nanoTime();
        Flow flow = new Flow(worker, worker.phase(), 1, this);
        current = flow;
        worker.connect(flow).onComplete(connected -> {
            if (connected.succeeded()) {
                flow.pump(System.nanoTime());
            } else {
                flow.broken(connected.cause());
            }
        });
    }

    @Override
    public void sweep(long now) {
        if (current != null) {
            current.sweep(now);
        }
    }

    @Override
    public void answered(Flow from, long message, long sentAt, long now) {
        worker.measured(now, beganAt, place, begun - 1);
        from.close().onComplete(closed -> {
            current = null;
            next();
        });
    }

    @Override
    public void failed(Flow from, String word, String sentence) {
        worker.failed(word, sentence);
        from.close();
        vertx.setTimer(MILLIS_AFTER_A_FAILURE, fired -> {
            current = null;
            next();
        });
    }

    @Override
    public boolean idle() {
        return current == null || current.idle();
    }

    @Override
    public boolean over() {
        return over;
    }

    @Override
    public long unsent() {
        return worker.paced() ? due - begun : 0;
    }

    @Override
    public void missing(LongConsumer each) {
        for (long i = idle() ? begun : begun - 1; worker.paced() && i < due; i++) {
            each.accept(i);
        }
    }

    @Override
    public Future<Void> close() {
        over = true;
        return current == null ? Future.succeededFuture() : current.close();
    }
}
