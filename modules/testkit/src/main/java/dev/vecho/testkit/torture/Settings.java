package dev.vecho.testkit.torture;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a run does. Read from system properties that start with {@code vecho.torture}; the testkit's README tells them.
 *
 * @param jar the fat jar
 * @param java the program that runs it
 * @param seed decides what each play does
 * @param io of the service
 * @param duration no play begins later
 * @param plays no more begin
 * @param only the number of the one play that is played, or -1 for all
 * @param kinds the first words of the behaviours that take part; none for all
 * @param workers plays at the same time
 * @param largest bytes of a stream
 * @param limit how long one play may take
 * @param stall a client that waits so long for a byte makes the run gather evidence; zero for never
 * @param busy threads that do nothing but keep the processors busy
 * @param leaks whether Netty looks for buffers that nobody has released, which is slow
 * @param rebind how many packets of a QUIC client go until its address changes; 0 for never
 * @param link the network between the service and its clients; null for loopback
 * @param faults system calls of the service that fail, as strace's {@code -e inject=} takes them
 * @param connections how many of a kind are counted, instead of plays
 */
public record Settings(
        Path jar,
        String java,
        long seed,
        String io,
        Duration duration,
        long plays,
        long only,
        List<String> kinds,
        int workers,
        long largest,
        Duration limit,
        Duration stall,
        int busy,
        boolean leaks,
        int rebind,
        @Nullable Link link,
        List<String> faults,
        Map<String, Long> connections) {

    /** The start of all properties' names. */
    public static final String PREFIX = "vecho.torture";

    /** The seed of the short run that is part of each build. */
    private static final long SHORT_SEED = 20261129;

    /**
     * A bad network.
     *
     * @param lossPercent packets that do not arrive
     * @param duplicatePercent packets that arrive twice
     * @param reorderPercent packets that others overtake
     * @param delayMillis of each packet, each way
     * @param mtu the largest packet
     */
    public record Link(double lossPercent, double duplicatePercent, double reorderPercent, int delayMillis, int mtu) {

        /** Reads {@code loss=1,duplicate=1,reorder=5,delay=2,mtu=1280}; what is left out is 0, and the MTU 1500. */
        static Link parse(String text) {
            Map<String, Double> values =
                    new TreeMap<>(Map.of("loss", 0.0, "duplicate", 0.0, "reorder", 0.0, "delay", 0.0, "mtu", 1500.0));
            for (String item : text.split(",", -1)) {
                String[] parts = item.split("=", -1);
                if (parts.length != 2 || !values.containsKey(parts[0])) {
                    throw new IllegalArgumentException("expected some of " + values.keySet() + ", was " + item);
                }
                values.put(parts[0], Double.parseDouble(parts[1]));
            }
            return new Link(
                    values.getOrDefault("loss", 0.0),
                    values.getOrDefault("duplicate", 0.0),
                    values.getOrDefault("reorder", 0.0),
                    values.getOrDefault("delay", 0.0).intValue(),
                    values.getOrDefault("mtu", 1500.0).intValue());
        }
    }

    /**
     * Reads the system's properties. Without {@code vecho.torture}, the minutes, it is a short run that is always the same.
     *
     * @throws IllegalArgumentException where one of them makes no sense
     */
    public static Settings read(Properties properties) {
        Function<String, @Nullable String> get = name -> properties.getProperty(PREFIX + "." + name);
        String minutes = properties.getProperty(PREFIX);
        boolean isShort = minutes == null || minutes.isEmpty();
        String link = get.apply("network");
        long seed = isShort ? SHORT_SEED : System.nanoTime() & 0xffff_ffffL;
        return new Settings(
                Path.of(properties.getProperty("vecho.jar", "target/vecho.jar")),
                Path.of(properties.getProperty("vecho.java.home", properties.getProperty("java.home")), "bin", "java")
                        .toString(),
                number(get.apply("seed"), seed),
                text(get.apply("io"), "auto"),
                Duration.ofMillis(isShort ? 120_000 : (long) (Double.parseDouble(minutes) * 60_000)),
                number(get.apply("plays"), isShort ? 40 : Long.MAX_VALUE),
                number(get.apply("play"), -1),
                list(get.apply("kinds"), ","),
                (int) number(get.apply("workers"), isShort ? 4 : 8),
                number(get.apply("largest"), isShort ? 4 << 20 : 64 << 20),
                Duration.ofSeconds(number(get.apply("limitSeconds"), link == null ? 120 : 600)),
                Duration.ofMillis(number(get.apply("stallMillis"), 0)),
                (int) number(get.apply("busy"), 0),
                Boolean.parseBoolean(text(get.apply("leaks"), "true")),
                (int) number(get.apply("rebind"), 0),
                link == null ? null : Link.parse(link),
                list(get.apply("faults"), ";"),
                counts(list(get.apply("connections"), ",")));
    }

    private static String text(@Nullable String text, String otherwise) {
        return text == null || text.isEmpty() ? otherwise : text;
    }

    private static long number(@Nullable String text, long otherwise) {
        return text == null || text.isEmpty() ? otherwise : Long.parseLong(text);
    }

    private static List<String> list(@Nullable String text, String separator) {
        return text == null || text.isEmpty() ? List.of() : List.of(text.split(separator, -1));
    }

    private static Map<String, Long> counts(List<String> items) {
        Map<String, Long> counts = new TreeMap<>();
        for (String item : items) {
            int colon = item.indexOf(':');
            counts.put(item.substring(0, colon), Long.parseLong(item.substring(colon + 1)));
        }
        return counts;
    }

    /** Whether connections may break although no client breaks them. */
    boolean lenient() {
        return !faults.isEmpty();
    }

    /** What repeats the run, as options of the command line. */
    String repeat() {
        List<String> options = new ArrayList<>();
        options.add("-D" + PREFIX + ".seed=" + seed);
        options.add("-D" + PREFIX + ".io=" + io);
        return String.join(" ", options);
    }
}
