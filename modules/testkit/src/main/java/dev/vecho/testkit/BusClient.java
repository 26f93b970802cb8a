package dev.vecho.testkit;

import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.Message;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Requests on the event bus, as any user of Vert.x makes them. Replies are received in the order in which they come. */
public final class BusClient implements MessageClient {

    private final Vertx vertx;

    /** One for all: on contexts of their own, replies would overtake one another. */
    private final Context context;

    private final String address;
    private final BlockingQueue<Buffer> replies = new LinkedBlockingQueue<>();

    /** Made for an address of the bus. */
    public BusClient(Vertx vertx, String address) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.address = address;
    }

    @Override
    public void send(byte[] message) {
        context.runOnContext(now -> vertx.eventBus()
                .<Buffer>request(address, Buffer.buffer(message))
                .onComplete((AsyncResult<Message<Buffer>> reply) -> {
                    if (reply.succeeded()) {
                        replies.add(reply.result().body());
                    }
                }));
    }

    @Override
    public byte @Nullable [] receive(Duration patience) throws IOException {
        try {
            Buffer reply = replies.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            return reply == null ? null : reply.getBytes();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        // The bus stays.
    }
}
