package dev.vecho.transport.udp;

import dev.vecho.transport.udp.UdpDrops.Reason;
import java.net.InetSocketAddress;
import java.util.BitSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Who gets an answer from one listener, so that it is neither a weapon nor a loop. Safe for any thread. */
final class UdpRules {

    private final BitSet refusedSourcePorts;
    private final RateLimit limit;
    private volatile LocalNetworks networks;

    UdpRules(UdpListenerOptions options, LocalNetworks networks, LongSupplier nanoTime) {
        this.refusedSourcePorts = options.refusedSourcePorts();
        this.limit = new RateLimit(options.maxDatagramsPerSecond(), RateLimit.SOURCES, nanoTime);
        this.networks = networks;
    }

    /** Why a datagram from a source gets no answer, or null if it gets one. */
    @Nullable Reason refuse(InetSocketAddress source) {
        if (refusedSourcePorts.get(source.getPort())) {
            return Reason.SOURCE_PORT;
        }
        if (!networks.oneHost(source.getAddress())) {
            return Reason.SOURCE_ADDRESS;
        }
        if (OwnSockets.contain(source)) {
            return Reason.OWN_LISTENER;
        }
        return limit.allow(source.getAddress()) ? null : Reason.RATE;
    }

    /** What this machine's interfaces have. */
    LocalNetworks networks() {
        return networks;
    }

    /** Tells that this machine's interfaces have changed. */
    void networks(LocalNetworks now) {
        networks = now;
    }
}
