package dev.vecho.transport.udp;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The addresses of all UDP listeners of this process, whatever Vert.x instance they belong to. A datagram from one of them
 * is an echo, and its echo would come back for ever. Safe for any thread.
 */
final class OwnSockets {

    private static final Map<InetSocketAddress, Integer> OPEN = new ConcurrentHashMap<>();

    private OwnSockets() {}

    static void add(InetSocketAddress address) {
        OPEN.merge(address, 1, Integer::sum);
    }

    static void remove(InetSocketAddress address) {
        OPEN.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1);
    }

    /** Whether an address is a listener's; on loopback, all addresses are those of a wildcard listener. */
    static boolean contain(InetSocketAddress source) {
        return OPEN.containsKey(source)
                || (source.getAddress().isLoopbackAddress() && OPEN.containsKey(wildcard(source.getPort())));
    }

    /** What stands for all addresses of this machine. */
    static InetSocketAddress wildcard(int port) {
        return InetSocketAddress.createUnresolved("*", port);
    }
}
