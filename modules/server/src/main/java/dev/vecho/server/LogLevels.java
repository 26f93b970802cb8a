package dev.vecho.server;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * How much each logger writes, where that can be changed while the process runs. Whoever chooses what writes the log supplies one, which
 * is found by {@link ServiceLoader}. Safe for any thread.
 */
public interface LogLevels {

    /** The name of the logger above all others. */
    String ROOT = "root";

    /** The one that the class path names; empty where the log cannot be changed from here. */
    static Optional<LogLevels> find() {
        return ServiceLoader.load(LogLevels.class, LogLevels.class.getClassLoader())
                .findFirst();
    }

    /** The names of the levels, in lower case, the most silent first. */
    List<String> levels();

    /** The loggers that have a level of their own, by name. */
    Map<String, String> own();

    /** The level that a logger has, of its own or from the nearest one above it. It need not exist yet. */
    String effective(String logger);

    /**
     * Gives a logger a level of its own.
     *
     * @param level one of {@link #levels}; null lets it have that of the one above it, which is not possible for {@link #ROOT}
     */
    void set(String logger, @Nullable String level);
}
