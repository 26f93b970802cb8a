package dev.vecho.net.listen;

import dev.vecho.core.Traffic;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets connections into one listener, or refuses them, by its {@link AdmissionRules}. What it knows of addresses is bounded: of those
 * that have connections open by {@code maxConnections}, of others by {@link RateLimit#SOURCES}. Any thread.
 */
public final class Admission {

    private static final int NETWORK_BITS = 64;

    private final LongSupplier nanoTime;

    /** By address, those that were let in while there was a limit for each. */
    private final Map<AddressBlock, Integer> open = new ConcurrentHashMap<>();

    private volatile State state = new State(AdmissionRules.NONE, true, null, null);

    /** The rules, and of each rate what was used of it. */
    private record State(
            AdmissionRules rules,
            boolean everybody,
            @Nullable RateLimit<Boolean> all,
            @Nullable RateLimit<AddressBlock> each) {}

    /** Makes one with rules. */
    public Admission(AdmissionRules rules) {
        this(rules, System::nanoTime);
    }

    Admission(AdmissionRules rules, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        change(rules);
    }

    /** From now on other rules hold. What was used of a rate that stays the same is not forgotten. */
    public void change(AdmissionRules rules) {
        State now = state;
        state = new State(
                rules,
                rules.equals(AdmissionRules.NONE),
                rules.newPerSecond() == now.rules().newPerSecond() ? now.all() : limit(rules.newPerSecond(), 1),
                rules.newPerSecondPerAddress() == now.rules().newPerSecondPerAddress()
                        ? now.each()
                        : limit(rules.newPerSecondPerAddress(), RateLimit.SOURCES));
    }

    private <K> @Nullable RateLimit<K> limit(int perSecond, int sources) {
        return perSecond == 0 ? null : new RateLimit<>(perSecond, sources, nanoTime);
    }

    /** Whether an address is served at all. It is not counted if it is not. */
    public boolean permits(@Nullable InetAddress address) {
        return state.rules().access().permit(address);
    }

    /** Lets a connection in that tells its own address, or counts it as refused, as {@link #admits(InetAddress, Channel, Traffic)}. */
    public boolean admits(Channel connection, Traffic traffic) {
        return state.everybody()
                || admits(
                        connection.remoteAddress() instanceof InetSocketAddress from ? from.getAddress() : null,
                        connection,
                        traffic);
    }

    /**
     * Lets a connection in, or counts it as refused.
     *
     * @param address null where it is not known
     * @param connection is open, and held against its address until it is closed
     * @return whether it was let in; else the caller closes it
     */
    public boolean admits(@Nullable InetAddress address, Channel connection, Traffic traffic) {
        String refusal = refusal(address, connection);
        if (refusal != null) {
            traffic.refuse(refusal);
        }
        return refusal == null;
    }

    /** Why a connection is refused; null if it is let in. What all share is taken last, so that nobody uses it up in vain. */
    private @Nullable String refusal(@Nullable InetAddress address, Channel connection) {
        State now = state;
        AdmissionRules rules = now.rules();
        if (!rules.access().permit(address)) {
            return "not allowed";
        }
        AddressBlock source = address == null ? null : source(address);
        if (source != null && rules.perAddress() > 0 && !hold(source, rules.perAddress(), connection)) {
            return "over maxConnectionsPerAddress";
        }
        if (source != null && now.each() != null && !now.each().allow(source)) {
            return "over maxNewConnectionsPerSecondPerAddress";
        }
        return now.all() == null || now.all().allow(true) ? null : "over maxNewConnectionsPerSecond";
    }

    /** Whoever has one address of IPv6 mostly has a network of 64 bits: RFC 6177, RFC 8981. */
    private static AddressBlock source(InetAddress address) {
        AddressBlock one = AddressBlock.of(address);
        return one.ipv6() ? one.cut(NETWORK_BITS) : one;
    }

    /** Counts a connection of an address until it is closed; returns whether it may have one more. */
    @SuppressWarnings("FutureReturnValueIgnored") // It is the future itself.
    private boolean hold(AddressBlock source, int most, Channel connection) {
        boolean[] held = {false};
        open.compute(source, (same, count) -> {
            held[0] = count == null || count < most;
            return held[0] ? (count == null ? 1 : count + 1) : count;
        });
        if (held[0]) {
            connection
                    .closeFuture()
                    .addListener(
                            closed -> open.computeIfPresent(source, (same, count) -> count == 1 ? null : count - 1));
        }
        return held[0];
    }

    /** How many addresses have connections that count. */
    int addresses() {
        return open.size();
    }
}
