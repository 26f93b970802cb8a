package dev.vecho.faults;

import dev.vecho.core.Transport;
import dev.vecho.testkit.quic.QuicStreamContract;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The same as {@link FaultlessTcpTest}, on streams of QUIC. */
@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class FaultlessQuicTest extends QuicStreamContract {

    FaultlessQuicTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return List.of(usualIo(), "nio");
    }

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }

    @Override
    protected JsonObject options() {
        return super.options().put("faults", new JsonObject());
    }

    @Override
    protected int connectionsAtOnce() {
        return 400;
    }
}
