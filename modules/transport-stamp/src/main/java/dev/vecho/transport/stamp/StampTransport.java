package dev.vecho.transport.stamp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import dev.vecho.transport.udp.UdpTransport;
import io.vertx.core.Vertx;
import java.util.Set;

/**
 * STAMP, as {@code stamp://host:port}: a listener is a Session-Reflector, a client a Session-Sender, whose messages are the padding of its
 * test packets. Sockets, addresses and limits are those of {@link UdpTransport}.
 */
public final class StampTransport implements TestableTransport {

    private static final UdpTransport UDP = new UdpTransport();

    @Override
    public String name() {
        return "stamp";
    }

    @Override
    public Set<String> schemes() {
        return Set.of(Reflector.SCHEME);
    }

    @Override
    public Framing framing() {
        return Framing.MESSAGES;
    }

    /** What a datagram takes beside the base packet and all extensions. */
    @Override
    public int maxMessageBytes() {
        return UDP.maxMessageBytes() - TestPackets.MAX_OVERHEAD;
    }

    @Override
    public Set<String> families(Target target) {
        return UDP.families(target);
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        return UDP.server(vertx, options, new Reflector(ReflectorOptions.read(options)));
    }

    @Override
    public void validateOptions(Options own) {
        StampOptions.read(own);
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        StampOptions own = StampOptions.read(options.object("options").object(StampOptions.KEY));
        return new StampClientTransport(UDP.client(vertx, target, options), own, maxMessageBytes());
    }
}
