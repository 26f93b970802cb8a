package dev.vecho.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import dev.vecho.server.LogLevels;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The levels of logback's loggers. */
public final class LogbackLevels implements LogLevels {

    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

    @Override
    public List<String> levels() {
        return List.of("off", "error", "warn", "info", "debug", "trace");
    }

    @Override
    public Map<String, String> own() {
        Map<String, String> own = new TreeMap<>();
        for (Logger logger : context.getLoggerList()) {
            if (logger.getLevel() != null) {
                own.put(
                        logger.getName().equals(Logger.ROOT_LOGGER_NAME) ? ROOT : logger.getName(),
                        name(logger.getLevel()));
            }
        }
        return own;
    }

    /** Makes no logger for a name that none has. */
    @Override
    public String effective(String logger) {
        Logger nearest = logger.equals(ROOT) ? root() : context.exists(logger);
        for (int end = logger.lastIndexOf('.'); nearest == null && end > 0; end = logger.lastIndexOf('.', end - 1)) {
            nearest = context.exists(logger.substring(0, end));
        }
        return name((nearest == null ? root() : nearest).getEffectiveLevel());
    }

    @Override
    public void set(String logger, @Nullable String level) {
        Logger known = logger.equals(ROOT) ? root() : context.getLogger(logger);
        known.setLevel(level == null ? null : Level.valueOf(level));
    }

    private Logger root() {
        return context.getLogger(Logger.ROOT_LOGGER_NAME);
    }

    private static String name(Level level) {
        return level.toString().toLowerCase(Locale.ROOT);
    }
}
