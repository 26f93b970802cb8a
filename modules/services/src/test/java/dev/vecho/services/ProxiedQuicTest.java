package dev.vecho.services;

import dev.vecho.core.Transport;
import dev.vecho.testkit.quic.QuicStreamContract;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.json.JsonObject;

/** The same as {@link ProxiedStreamTest}, for streams of QUIC that are passed on to an echo of TCP. */
class ProxiedQuicTest extends QuicStreamContract {

    ProxiedQuicTest() {
        super(usualIo());
    }

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }

    @Override
    protected JsonObject options() {
        try {
            JsonObject any = new JsonObject().put("host", "127.0.0.1").put("port", 0);
            String echo = await(ProxiedStreamTest.behind(vertx(), any));
            return super.options().put("service", new JsonObject().put("proxy", echo));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected int connectionsAtOnce() {
        return 300;
    }

    /** The echo behind is in this process, too, and so is what the proxy keeps for it. */
    @Override
    protected long bytesForAPeerThatDoesNotRead() {
        return 3 * super.bytesForAPeerThatDoesNotRead();
    }
}
