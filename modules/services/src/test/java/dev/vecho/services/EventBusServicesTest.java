package dev.vecho.services;

import dev.vecho.core.Transport;
import dev.vecho.testkit.BusClient;
import dev.vecho.testkit.MessageClient;
import dev.vecho.testkit.MessageServicesContract;
import dev.vecho.transport.eventbus.EventBusTransport;
import io.vertx.core.json.JsonObject;

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
        return new BusClient(vertx(), "test");
    }
}
