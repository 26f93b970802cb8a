package dev.vecho.report;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/** A small histogram for people: a bar for each of a few spans of time, which grow geometrically. */
final class Bars {

    private static final int MAX_ROWS = 10;
    private static final int WIDTH = 40;

    /** Factors between the limits of two rows, the finest first. */
    private static final double[] FACTORS = {1.1, 1.25, 1.5, 2, 4, 10, 100, 1000};

    private Bars() {}

    /** A line for each span, with its line's end; of nanoseconds, in milliseconds. */
    static String of(Histogram nanos, Style style) {
        double low = Math.max(1, (double) nanos.getMinValue());
        double high = Math.max(low, (double) nanos.getMaxValue());
        double factor = FACTORS[FACTORS.length - 1];
        for (double finer : FACTORS) {
            if (low * Math.pow(finer, MAX_ROWS) > high) {
                factor = finer;
                break;
            }
        }
        StringBuilder text = new StringBuilder();
        long most = 1;
        for (double from = low; from <= high; from *= factor) {
            most = Math.max(most, count(nanos, from, from * factor));
        }
        for (double from = low; from <= high; from *= factor) {
            long count = count(nanos, from, from * factor);
            int length = (int) Math.ceil((double) count * WIDTH / most);
            text.append(String.format(
                    Locale.ROOT, "  %10.3f ms |%-" + WIDTH + "s| %,d%n", from / 1e6, "#".repeat(length), count));
        }
        return style.faint(text.toString());
    }

    /** How many are at least one value and less than another. */
    private static long count(Histogram nanos, double from, double to) {
        long below = from <= nanos.getMinValue() ? 0 : nanos.getCountBetweenValues(0, (long) Math.ceil(from) - 1);
        return nanos.getCountBetweenValues(0, (long) Math.ceil(to) - 1) - below;
    }
}
