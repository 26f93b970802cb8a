package dev.vecho.faults;

import dev.vecho.core.Transport;
import dev.vecho.testkit.quic.QuicDatagramContract;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.json.JsonObject;

/** The same as {@link FaultlessEventBusTest}, with the datagrams of QUIC. */
class FaultlessQuicDatagramTest extends QuicDatagramContract {

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }

    @Override
    protected JsonObject options() {
        return super.options().put("faults", new JsonObject());
    }
}
