package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.BusClient;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageContract;
import dev.vecho.transport.eventbus.EventBusTransport;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Where no fault is set, the echo of messages keeps all of its promises, though each goes the way of the faults. */
class FaultlessEventBusTest extends MessageContract {

    private static final int LARGEST = 1 << 20;

    FaultlessEventBusTest() {
        super(usualIo());
    }

    @Override
    protected Transport transport() {
        return new EventBusTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject()
                .put("address", "faultless")
                .put("maxMessageBytes", LARGEST)
                .put("faults", new JsonObject());
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
        return new BusClient(
                vertx(), Objects.requireNonNull(Target.parse(address).host()));
    }

    @Test
    void repliesWithWhatCameInTheSameForm() throws Exception {
        listen();
        DeliveryOptions headed = new DeliveryOptions().addHeader("name", "value");
        for (Object body : new Object[] {"text ü", new JsonObject().put("key", 1), 42L}) {
            Message<Object> reply = await(vertx().eventBus().request("faultless", body, headed));
            assertThat(reply.body()).isEqualTo(body);
            assertThat(reply.headers().get("name")).isEqualTo("value");
        }
        byte[] bytes = bytes(100, 1);
        Message<Object> reply = await(vertx().eventBus().request("faultless", bytes));
        assertThat((byte[]) reply.body()).isEqualTo(bytes);
    }
}
