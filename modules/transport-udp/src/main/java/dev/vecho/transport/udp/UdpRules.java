package dev.vecho.transport.udp;

import dev.vecho.net.listen.ByteRates;
import dev.vecho.net.listen.RateLimit;
import dev.vecho.transport.udp.UdpDrops.Reason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Who gets an answer from one listener, so that it is neither a weapon nor a loop. Safe for any thread. */
final class UdpRules {

    private final LongSupplier nanoTime;
    private volatile Limits limits;
    private volatile LocalNetworks networks;

    /** What the options say, and of each rate what was used of it. */
    private record Limits(
            UdpListenerOptions options,
            RateLimit<InetAddress> datagrams,
            RateLimit<InetAddress> bytes,
            RateLimit<Boolean> allBytes) {}

    UdpRules(UdpListenerOptions options, LocalNetworks networks, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.limits = limits(options);
        this.networks = networks;
    }

    private Limits limits(UdpListenerOptions options) {
        return new Limits(
                options,
                new RateLimit<>(options.maxDatagramsPerSecond(), RateLimit.SOURCES, nanoTime),
                new RateLimit<>(options.rates().perConnection(), RateLimit.SOURCES, nanoTime),
                new RateLimit<>(options.rates().perListener(), 1, nanoTime));
    }

    /** From now on other options hold. What was used of a rate that stays the same is not forgotten. */
    void change(UdpListenerOptions options) {
        Limits now = limits;
        Limits next = limits(options);
        ByteRates before = now.options().rates();
        limits = new Limits(
                options,
                now.options().maxDatagramsPerSecond() == options.maxDatagramsPerSecond()
                        ? now.datagrams()
                        : next.datagrams(),
                before.perConnection() == options.rates().perConnection() ? now.bytes() : next.bytes(),
                before.perListener() == options.rates().perListener() ? now.allBytes() : next.allBytes());
    }

    /**
     * Why a datagram from a source gets no answer, or null if it gets one.
     *
     * @param bytes that it has
     */
    @Nullable Reason refuse(InetSocketAddress source, int bytes) {
        Limits limits = this.limits;
        InetAddress address = source.getAddress();
        if (limits.options().refusedSourcePorts().get(source.getPort())) {
            return Reason.SOURCE_PORT;
        }
        if (!limits.options().access().permit(address)) {
            return Reason.NOT_ALLOWED;
        }
        if (!networks.oneHost(address)) {
            return Reason.SOURCE_ADDRESS;
        }
        if (OwnSockets.contain(source)) {
            return Reason.OWN_LISTENER;
        }
        if (!limits.datagrams().allow(address)) {
            return Reason.RATE;
        }
        if (!limits.bytes().allow(address, bytes)) {
            return Reason.BYTES;
        }
        // Last: nobody takes more of what all share than is their own.
        return limits.allBytes().allow(true, bytes) ? null : Reason.LISTENER_BYTES;
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
