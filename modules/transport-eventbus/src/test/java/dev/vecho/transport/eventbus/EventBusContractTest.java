package dev.vecho.transport.eventbus;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageContract;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What every listener for messages promises, on every io that this machine has. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
final class EventBusContractTest extends MessageContract {

    private static final int LARGEST = 1 << 20;

    EventBusContractTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available();
    }

    @Override
    protected Transport transport() {
        return new EventBusTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("address", "contract").put("maxMessageBytes", LARGEST);
    }

    @Override
    protected JsonObject optionsFor(String address) {
        return options().put("address", Target.parse(address).host());
    }

    @Override
    protected int largestMessage() {
        return LARGEST;
    }

    @Override
    protected MessageClient connect(String address) {
        return new Requests(
                vertx().eventBus(), Objects.requireNonNull(Target.parse(address).host()));
    }

    /** Requests as any user of Vert.x makes them; their answers are taken in the order in which they were sent. */
    private static final class Requests implements MessageClient {

        private final EventBus bus;
        private final String address;
        private final Queue<Future<Message<Buffer>>> requests = new ArrayDeque<>();

        Requests(EventBus bus, String address) {
            this.bus = bus;
            this.address = address;
        }

        @Override
        public void send(byte[] message) {
            requests.add(bus.request(address, Buffer.buffer(message), new DeliveryOptions().setSendTimeout(60_000)));
        }

        @Override
        public byte @Nullable [] receive(Duration patience) throws IOException {
            Future<Message<Buffer>> next = requests.poll();
            if (next == null) {
                return null;
            }
            try {
                return next.toCompletionStage()
                        .toCompletableFuture()
                        .get(patience.toMillis(), TimeUnit.MILLISECONDS)
                        .body()
                        .getBytes();
            } catch (TimeoutException e) {
                return null;
            } catch (ExecutionException | InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void close() {
            requests.clear();
        }
    }
}
