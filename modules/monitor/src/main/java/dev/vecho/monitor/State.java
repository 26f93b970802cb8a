package dev.vecho.monitor;

import java.util.Locale;

/** How a check, or a case of one, is. In text, it is lower case. */
public enum State {
    /** No round is over yet. */
    UNKNOWN,
    OK,
    /** As many rounds failed as its {@link Alert} says. */
    FAILING;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
