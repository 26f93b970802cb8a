package dev.vecho.transport.stamp;

import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a listener of STAMP has beside the options of one of UDP.
 *
 * @param key keys {@code key}, {@code keyFile}: of authenticated mode; without one it is unauthenticated
 * @param stateful key {@code stateful}: whether it numbers what it reflects, in each session; otherwise it repeats the sender's number;
 *     default true
 * @param maxSessions key {@code maxSessions}: further ones get no answer; default 10,000
 * @param sessionTimeout key {@code sessionTimeoutMillis}: after so long a silence a session is forgotten; default 900 s, that of TWAMP
 * @param clock keys {@code clockSource} and {@code clockErrorMicros}
 */
record ReflectorOptions(
        @Nullable SharedKey key, boolean stateful, int maxSessions, Duration sessionTimeout, LocalClock clock) {

    static ReflectorOptions read(Options options) {
        return new ReflectorOptions(
                SharedKey.read(options),
                options.flag("stateful", true),
                options.integer("maxSessions", 10_000, 1, Bounds.MAX_COUNT),
                options.millis("sessionTimeoutMillis", Duration.ofSeconds(900), Duration.ofSeconds(1)),
                LocalClock.read(options));
    }

    /**
     * What the operator knows of this machine's clock, of which a program cannot know by itself whether it is right.
     *
     * @param source what keeps it right, as the timestamp information has it
     * @param error how far it may be off; null where nothing keeps it right
     */
    record LocalClock(int source, @Nullable Duration error) {

        private static final int FREE_RUNNING = 5;

        private static final Map<String, Integer> SOURCES = sources();

        private static Map<String, Integer> sources() {
            Map<String, Integer> sources = new LinkedHashMap<>();
            sources.put("none", FREE_RUNNING);
            sources.put("ntp", 1);
            sources.put("ptp", 2);
            sources.put("bits", 3);
            sources.put("gnss", 4);
            return sources;
        }

        static LocalClock read(Options options) {
            return new LocalClock(options.choice("clockSource", FREE_RUNNING, SOURCES), clockError(options));
        }

        ErrorEstimate estimate(Timestamps format) {
            return error == null ? ErrorEstimate.unknown(format) : new ErrorEstimate(true, format, error);
        }
    }

    /** How far the clock may be off; null where nothing keeps it right. */
    static @Nullable Duration clockError(Options options) {
        long micros = options.integer("clockErrorMicros", 0L, 0, 1_000_000_000L);
        return micros == 0 ? null : Duration.ofNanos(micros * 1000);
    }
}
