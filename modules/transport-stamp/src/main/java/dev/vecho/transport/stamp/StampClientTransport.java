package dev.vecho.transport.stamp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import io.vertx.core.Future;
import java.util.concurrent.ThreadLocalRandom;

/** Session-Senders, each with a socket and an identifier (SSID) of its own. */
final class StampClientTransport implements ClientTransport {

    private final ClientTransport udp;
    private final StampOptions options;
    private final int maxMessageBytes;

    StampClientTransport(ClientTransport udp, StampOptions options, int maxMessageBytes) {
        this.udp = udp;
        this.options = options;
        this.maxMessageBytes = maxMessageBytes;
    }

    @Override
    public Future<Connection> connect(Receiver receiver) {
        int ssid = ThreadLocalRandom.current().nextInt(1, 1 << Short.SIZE);
        StampConnection connection = new StampConnection(options, ssid, maxMessageBytes, receiver);
        return udp.connect(connection).map(connection::on);
    }

    @Override
    public Future<Void> close() {
        return udp.close();
    }
}
