package dev.vecho.load;

import io.vertx.core.Future;
import java.util.function.LongConsumer;

/** A client whose messages share one connection. */
final class KeptConnection implements Client, Flow.Owner {

    private final Worker worker;
    private final int place;
    private final Flow flow;

    KeptConnection(Worker worker, int place) {
        this.worker = worker;
        this.place = place;
        this.flow = new Flow(worker, worker.phase(), worker.paced() ? 0 : Long.MAX_VALUE, this);
    }

    @Override
    public Future<Void> open() {
        return worker.connect(flow);
    }

    @Override
    public void begin() {
        flow.pump(System.nanoTime());
    }

    @Override
    public void due() {
        flow.allow(System.nanoTime());
    }

    @Override
    public void sweep(long now) {
        flow.sweep(now);
    }

    @Override
    public void answered(Flow from, long message, long sentAt, long now) {
        worker.measured(now, sentAt, place, message);
    }

    @Override
    public void failed(Flow from, String word, String sentence) {
        worker.failed(word, sentence);
        flow.close();
    }

    @Override
    public boolean idle() {
        return flow.idle();
    }

    @Override
    public boolean over() {
        return flow.over();
    }

    @Override
    public long unsent() {
        return flow.unsent();
    }

    @Override
    public void missing(LongConsumer each) {
        flow.missing(each);
    }

    @Override
    public Future<Void> close() {
        return flow.close();
    }
}
