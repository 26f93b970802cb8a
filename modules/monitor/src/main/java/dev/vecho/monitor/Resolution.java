package dev.vecho.monitor;

import java.time.Duration;
import java.util.Locale;

/** How fine a history is, and how far back it goes. In text, it is lower case. */
public enum Resolution {
    /** Of the last ten minutes. */
    SECONDS(Duration.ofSeconds(1), 600),
    /** Of the last day. */
    MINUTES(Duration.ofMinutes(1), 1440),
    /** Of the last 30 days. */
    HOURS(Duration.ofHours(1), 720);

    private final Duration interval;
    private final int most;

    Resolution(Duration interval, int most) {
        this.interval = interval;
        this.most = most;
    }

    /** The length of an interval. */
    public Duration interval() {
        return interval;
    }

    /** How many intervals it goes back. */
    public int most() {
        return most;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
