package dev.vecho.transport.udp;

import dev.vecho.net.listen.AccessRules;
import dev.vecho.net.listen.RateLimit;
import dev.vecho.transport.udp.UdpDrops.Reason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.BitSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Who gets an answer from one listener, so that it is neither a weapon nor a loop. Safe for any thread. */
final class UdpRules {

    private final LongSupplier nanoTime;
    private volatile Limits limits;
    private volatile LocalNetworks networks;

    /** What the options say. */
    private record Limits(AccessRules access, int perSecond, BitSet refusedSourcePorts, RateLimit<InetAddress> rate) {}

    UdpRules(UdpListenerOptions options, LocalNetworks networks, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.limits = limits(options);
        this.networks = networks;
    }

    private Limits limits(UdpListenerOptions options) {
        int perSecond = options.maxDatagramsPerSecond();
        return new Limits(
                options.access(),
                perSecond,
                options.refusedSourcePorts(),
                new RateLimit<>(perSecond, RateLimit.SOURCES, nanoTime));
    }

    /** From now on other options hold. What sources have used of a rate that stays the same is not forgotten. */
    void change(UdpListenerOptions options) {
        Limits now = limits;
        limits = options.maxDatagramsPerSecond() == now.perSecond()
                ? new Limits(options.access(), now.perSecond(), options.refusedSourcePorts(), now.rate())
                : limits(options);
    }

    /** Why a datagram from a source gets no answer, or null if it gets one. */
    @Nullable Reason refuse(InetSocketAddress source) {
        Limits limits = this.limits;
        if (limits.refusedSourcePorts().get(source.getPort())) {
            return Reason.SOURCE_PORT;
        }
        if (!limits.access().permit(source.getAddress())) {
            return Reason.NOT_ALLOWED;
        }
        if (!networks.oneHost(source.getAddress())) {
            return Reason.SOURCE_ADDRESS;
        }
        if (OwnSockets.contain(source)) {
            return Reason.OWN_LISTENER;
        }
        return limits.rate().allow(source.getAddress()) ? null : Reason.RATE;
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
