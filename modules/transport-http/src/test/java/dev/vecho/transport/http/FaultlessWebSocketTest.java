package dev.vecho.transport.http;

import io.vertx.core.json.JsonObject;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Where no fault is set, messages keep the promises of the echo, though they go the way of the faults. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class FaultlessWebSocketTest extends WebSocketContractTest {

    FaultlessWebSocketTest(String io) {
        super(io);
    }

    @Override
    protected JsonObject options() {
        return super.options().put("faults", new JsonObject());
    }
}
