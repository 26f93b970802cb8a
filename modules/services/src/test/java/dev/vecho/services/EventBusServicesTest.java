package dev.vecho.services;

import dev.vecho.core.Transport;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageServicesContract;
import dev.vecho.transport.eventbus.EventBusTransport;
import io.vertx.core.AsyncResult;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

class EventBusServicesTest extends MessageServicesContract {

    EventBusServicesTest() {
        super(usualIo());
    }

    @Override
    protected Transport transport() {
        return new EventBusTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("address", "test");
    }

    @Override
    protected MessageClient connect(String address) {
        return new Client(vertx(), new LinkedBlockingQueue<>());
    }

    private record Client(Vertx vertx, BlockingQueue<Buffer> answers) implements MessageClient {

        @Override
        public void send(byte[] message) {
            vertx.eventBus()
                    .<Buffer>request("test", Buffer.buffer(message))
                    .onComplete((AsyncResult<io.vertx.core.eventbus.Message<Buffer>> answer) -> {
                        if (answer.succeeded()) {
                            answers.add(answer.result().body());
                        }
                    });
        }

        @Override
        public byte @Nullable [] receive(Duration patience) throws IOException {
            try {
                Buffer answer = answers.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
                return answer == null ? null : answer.getBytes();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void close() {
            // The bus stays.
        }
    }
}
