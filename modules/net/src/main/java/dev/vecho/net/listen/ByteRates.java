package dev.vecho.net.listen;

import dev.vecho.core.config.Options;

/**
 * How many bytes a second are read from clients; 0 for as many as come. The bytes of TLS count, too.
 *
 * @param perConnection of one connection; key {@code maxBytesPerSecond}
 * @param perListener of all connections of a listener together; key {@code maxListenerBytesPerSecond}
 */
public record ByteRates(long perConnection, long perListener) {

    /** As many as come. */
    public static final ByteRates UNLIMITED = new ByteRates(0, 0);

    static final String PER_CONNECTION = "maxBytesPerSecond";
    static final String PER_LISTENER = "maxListenerBytesPerSecond";

    private static final long MOST = 1_000_000_000_000L;

    static ByteRates read(Options options) {
        return new ByteRates(options.integer(PER_CONNECTION, 0L, 0, MOST), options.integer(PER_LISTENER, 0L, 0, MOST));
    }

    /** Whether there is any limit. */
    public boolean isLimited() {
        return perConnection > 0 || perListener > 0;
    }

    /** Says that they have no meaning for a listener. */
    public static void refuse(Options options, String why) {
        options.refuse(PER_CONNECTION, why);
        options.refuse(PER_LISTENER, why);
    }
}
