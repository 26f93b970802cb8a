package dev.vecho.net.listen;

import dev.vecho.core.config.Options;

/**
 * Who may connect to a listener, and how often.
 *
 * @param access by address
 * @param perAddress connections that one address may have open; key {@code maxConnectionsPerAddress}
 * @param newPerSecond connections that are let in a second, of which a second's worth may come at once; key
 *     {@code maxNewConnectionsPerSecond}
 * @param newPerSecondPerAddress the same for one address; key {@code maxNewConnectionsPerSecondPerAddress}. Of all three 0 is no
 *     limit, and the default; the network of 64 bits that an address of IPv6 is in counts as one address
 */
public record AdmissionRules(AccessRules access, int perAddress, int newPerSecond, int newPerSecondPerAddress) {

    /** Everybody, as often as they like. */
    static final AdmissionRules NONE = new AdmissionRules(AccessRules.ALL, 0, 0, 0);

    private static final int MAX_PER_SECOND = 1_000_000_000;

    static AdmissionRules read(Options options) {
        return new AdmissionRules(
                AccessRules.read(options),
                options.integer("maxConnectionsPerAddress", 0, 0, Integer.MAX_VALUE),
                options.integer("maxNewConnectionsPerSecond", 0, 0, MAX_PER_SECOND),
                options.integer("maxNewConnectionsPerSecondPerAddress", 0, 0, MAX_PER_SECOND));
    }
}
