package dev.vecho.launcher;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.vecho.server.ConfiguredValue;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/** Limits of the system that a service or a load would meet later: better told at the start. */
final class ResourceLimits {

    private static final String MAX_CONNECTIONS = ".maxConnections";

    /** What a JVM and a service have open without a connection; measured at some sixty. */
    private static final int OWN_DESCRIPTORS = 100;

    /** What an idle connection takes of memory, in bytes. */
    private static final long IDLE_CONNECTION = 2400;

    private static final Pattern RANGE = Pattern.compile("(\\d{1,5})\\s+(\\d{1,5})");

    private static final Path PORTS = Path.of("/proc/sys/net/ipv4/ip_local_port_range");

    private ResourceLimits() {}

    /** Warns of what a configuration allows and this process cannot have. */
    static void warn(List<ConfiguredValue> configuration) {
        log(problems(configuration, descriptors(), Runtime.getRuntime().maxMemory()));
    }

    /** Warns of what keeps a load from opening so many connections. */
    static void warn(int connections) {
        log(problems(connections));
    }

    /** The logger is made here: before the command line was parsed it would not know what to log. */
    private static void log(List<String> problems) {
        problems.forEach(
                problem -> LoggerFactory.getLogger(ResourceLimits.class).warn(problem));
    }

    static List<String> problems(List<ConfiguredValue> configuration, OptionalLong descriptors, long memory) {
        List<String> beyondDescriptors = new ArrayList<>();
        List<String> beyondMemory = new ArrayList<>();
        for (ConfiguredValue value : configuration) {
            if (!value.key().endsWith(MAX_CONNECTIONS) || !(value.value() instanceof Number number)) {
                continue;
            }
            String told = value.key() + " is " + number;
            if (descriptors.isPresent() && number.longValue() + OWN_DESCRIPTORS > descriptors.getAsLong()) {
                beyondDescriptors.add(told);
            }
            // The default is no promise that somebody has made.
            boolean isChosen = !value.source().equals("default");
            if (isChosen && number.longValue() > memory / IDLE_CONNECTION) {
                beyondMemory.add(told);
            }
        }
        List<String> problems = new ArrayList<>();
        if (!beyondDescriptors.isEmpty()) {
            problems.add(String.join(", ", beyondDescriptors) + ": this process may have "
                    + descriptors.orElseThrow()
                    + " files and sockets open (ulimit -n), and will refuse connections before");
        }
        if (!beyondMemory.isEmpty()) {
            problems.add(String.join(", ", beyondMemory) + ": this process may use " + memory
                    + " bytes of memory (-Xmx), and even idle connections take " + IDLE_CONNECTION + " each");
        }
        return problems;
    }

    static List<String> problems(int connections) {
        List<String> problems = new ArrayList<>();
        OptionalLong descriptors = descriptors();
        if (descriptors.isPresent() && connections + OWN_DESCRIPTORS > descriptors.getAsLong()) {
            problems.add("file descriptors: " + connections + " connections are too many, this process may have "
                    + descriptors.getAsLong() + " files and sockets open (ulimit -n)");
        }
        OptionalLong ports = ports();
        if (ports.isPresent() && connections > ports.getAsLong()) {
            problems.add("ports: " + connections + " connections are too many for one pair of addresses, which has "
                    + ports.getAsLong() + " (" + PORTS + ")");
        }
        return problems;
    }

    private static OptionalLong descriptors() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? OptionalLong.of(system.getMaxFileDescriptorCount())
                : OptionalLong.empty();
    }

    private static OptionalLong ports() {
        // Not Files.readString: the size is told as 0, so that it reads a single byte first, and the kernel gives no
        // more then.
        try (BufferedReader file = Files.newBufferedReader(PORTS)) {
            Matcher range = RANGE.matcher(String.valueOf(file.readLine()));
            return range.matches()
                    ? OptionalLong.of(Long.parseLong(range.group(2)) - Long.parseLong(range.group(1)) + 1)
                    : OptionalLong.empty();
        } catch (IOException e) {
            // Another system, or a container that hides it.
            return OptionalLong.empty();
        }
    }
}
