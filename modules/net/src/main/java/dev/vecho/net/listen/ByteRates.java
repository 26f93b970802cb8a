package dev.vecho.net.listen;

import dev.vecho.core.config.Options;

/**
 * How many bytes a second are read from clients; 0 for as many as come. The bytes of TLS count, too, but not those of QUIC's packets.
 *
 * @param perConnection of one connection, or one source address of datagrams; key {@code maxBytesPerSecond}
 * @param perListener of all clients of a listener together; key {@code maxListenerBytesPerSecond}
 */
public record ByteRates(long perConnection, long perListener) {

    /** As many as come. */
    public static final ByteRates UNLIMITED = new ByteRates(0, 0);

    private static final String PER_CONNECTION = "maxBytesPerSecond";
    private static final String PER_LISTENER = "maxListenerBytesPerSecond";

    /** Why a datagram is dropped that {@link #perConnection} has no room for, as {@link dev.vecho.core.Traffic#drop} counts it. */
    public static final String OVER_OWN = "over " + PER_CONNECTION;

    /** The same for {@link #perListener}. */
    public static final String OVER_LISTENERS = "over " + PER_LISTENER;

    private static final long MOST = 1_000_000_000_000L;

    /** Reads them. */
    public static ByteRates read(Options options) {
        return new ByteRates(options.integer(PER_CONNECTION, 0L, 0, MOST), options.integer(PER_LISTENER, 0L, 0, MOST));
    }

    /** Whether there is any limit. */
    public boolean isLimited() {
        return perConnection > 0 || perListener > 0;
    }
}
