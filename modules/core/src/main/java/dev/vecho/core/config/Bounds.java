package dev.vecho.core.config;

import java.time.Duration;

/** Bounds that several options share. */
public final class Bounds {

    /** Of times: a year. */
    public static final Duration MAX_DURATION = Duration.ofDays(365);

    /** Of what is kept or sent in one piece: 1 GiB. */
    public static final int MAX_BYTES = 1 << 30;

    /** Of what is counted for each connection or socket. */
    public static final int MAX_COUNT = 1 << 20;

    /** Of ports. */
    public static final int MAX_PORT = 65_535;

    private Bounds() {}
}
