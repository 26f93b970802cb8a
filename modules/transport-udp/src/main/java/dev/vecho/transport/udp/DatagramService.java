package dev.vecho.transport.udp;

import dev.vecho.core.ConfiguredService;
import io.netty.buffer.ByteBuf;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * What a listener does with its datagrams, in place of the echo: a service, or the protocol of a transport whose packets are datagrams
 * of UDP. It answers those that the rules of the listener let in. One for a listener, with all its event loops.
 */
public interface DatagramService {

    /** The scheme of the targets that it answers. */
    default String scheme() {
        return "udp";
    }

    /** The port where a listener names none. */
    default int port() {
        return UdpListenerOptions.PORT;
    }

    /** Whether an answer may be larger than the datagram that it answers. Then the listener asks for limits. */
    default boolean amplifies() {
        return false;
    }

    /** The options of the service's own clients, see {@link dev.vecho.core.Listener#ownClient}. */
    default JsonObject ownClientOptions() {
        return new JsonObject();
    }

    /** Takes over what has to outlive a reload from the one that answered so far. Called before this one answers. */
    default void replaces(DatagramService before) {
        // Most have nothing.
    }

    /**
     * Answers a datagram: now or later, once, several times or never. Called on the event loop that it came on.
     *
     * @param source who sent it
     * @param local where it came to
     * @param datagram valid during the call only
     * @param drops counts a datagram that gets no answer, by a reason that follows the number of them in a sentence
     * @param answers used on the same event loop
     */
    void answer(
            InetSocketAddress source,
            InetSocketAddress local,
            ByteBuf datagram,
            Consumer<String> drops,
            ConfiguredService.Answers answers);
}
