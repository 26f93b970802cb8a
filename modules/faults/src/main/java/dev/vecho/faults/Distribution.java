package dev.vecho.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long something takes, drawn anew each time: 0 at least, {@link #LONGEST} at most. */
@FunctionalInterface
interface Distribution {

    /** As long as anything is held up. */
    Duration LONGEST = Duration.ofHours(1);

    /** How it is written, for messages. */
    String FORMS = "a time such as 50ms, 50ms±10ms, 40ms..60ms, normal(50ms,10ms), pareto(20ms,1.5) or 0.5s:50,1s:40";

    /** Draws a time, in nanoseconds. */
    long nanos(RandomGenerator random);

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException with what is wrong, to follow the key in a sentence
     */
    static Distribution parse(String text) {
        return new Text(text.replace(" ", "")).read();
    }

    /** Reads a single time, such as {@code 1.5s}; throws as {@link #parse} does. */
    static Duration time(String text) {
        return Duration.ofNanos(Text.time(text.strip()));
    }

    /** A text that is being read. */
    record Text(String text) {

        private static final Pattern TIME = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)(us|ms|s|min|h)");
        private static final Pattern AROUND = Pattern.compile("(.+?)(?:±|\\+-)(.+)");
        private static final Pattern BETWEEN = Pattern.compile("(.+?)\\.\\.(.+)");
        private static final Pattern NAMED = Pattern.compile("([a-z]+)\\((.+),(.+)\\)");
        private static final Map<String, Double> NANOS =
                Map.of("us", 1e3, "ms", 1e6, "s", 1e9, "min", 60e9, "h", 3600e9);

        private Distribution read() {
            Matcher named = NAMED.matcher(text);
            if (named.matches()) {
                return named(named.group(1), named.group(2), named.group(3));
            }
            if (text.contains(":")) {
                return weighted();
            }
            Matcher around = AROUND.matcher(text);
            if (around.matches()) {
                long middle = time(around.group(1));
                long width = time(around.group(2));
                if (width > middle) {
                    throw new IllegalArgumentException("is below zero at times: " + text);
                }
                return uniform(middle - width, middle + width);
            }
            Matcher between = BETWEEN.matcher(text);
            if (between.matches()) {
                return uniform(time(between.group(1)), time(between.group(2)));
            }
            long always = time(text);
            return random -> always;
        }

        private Distribution named(String name, String first, String second) {
            switch (name) {
                case "uniform" -> {
                    return uniform(time(first), time(second));
                }
                case "normal" -> {
                    long mean = time(first);
                    long deviation = time(second);
                    return random -> bounded(mean + random.nextGaussian() * deviation);
                }
                case "pareto" -> {
                    long least = time(first);
                    double shape = number(second);
                    if (!(shape > 0)) {
                        throw new IllegalArgumentException("needs a shape above 0: " + text);
                    }
                    return random -> bounded(least / Math.pow(1 - random.nextDouble(), 1 / shape));
                }
                default -> throw wrong();
            }
        }

        private Distribution uniform(long least, long most) {
            if (most < least) {
                throw new IllegalArgumentException("must have the shorter time first: " + text);
            }
            return random -> least == most ? least : random.nextLong(least, most + 1);
        }

        /** What is not given a share is not held up at all. */
        private Distribution weighted() {
            List<Long> times = new ArrayList<>();
            List<Double> upTo = new ArrayList<>();
            double sum = 0;
            for (String part : text.split(",", -1)) {
                String[] pair = part.split(":", -1);
                if (pair.length != 2) {
                    throw wrong();
                }
                times.add(time(pair[0]));
                double share = number(pair[1]);
                if (!(share >= 0)) {
                    throw new IllegalArgumentException("must have no share below 0: " + text);
                }
                sum += share;
                upTo.add(sum);
            }
            if (sum > 100) {
                throw new IllegalArgumentException("must have shares of 100 % together at most: " + text);
            }
            return random -> {
                double drawn = random.nextDouble() * 100;
                for (int i = 0; i < times.size(); i++) {
                    if (drawn < upTo.get(i)) {
                        return times.get(i);
                    }
                }
                return 0;
            };
        }

        private static long bounded(double nanos) {
            return Math.max(0, Math.min(LONGEST.toNanos(), Math.round(nanos)));
        }

        private double number(String number) {
            try {
                return Double.parseDouble(number);
            } catch (NumberFormatException e) {
                throw wrong(e);
            }
        }

        private static long time(String time) {
            Matcher matcher = TIME.matcher(time.toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                throw new IllegalArgumentException("must be " + FORMS + ", was \"" + time + "\"");
            }
            double nanos = Double.parseDouble(matcher.group(1)) * NANOS.getOrDefault(matcher.group(2), 1.0);
            if (nanos > LONGEST.toNanos()) {
                throw new IllegalArgumentException("must be an hour at most, was \"" + time + "\"");
            }
            return Math.round(nanos);
        }

        private IllegalArgumentException wrong() {
            return new IllegalArgumentException("must be " + FORMS + ", was \"" + text + "\"");
        }

        private IllegalArgumentException wrong(Exception cause) {
            return new IllegalArgumentException("must be " + FORMS + ", was \"" + text + "\"", cause);
        }
    }
}
