package dev.vecho.management;

import dev.vecho.server.LogLevels;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** Levels that belong to no log. */
public final class FakeLogLevels implements LogLevels {

    private final Map<String, String> own = new ConcurrentSkipListMap<>(Map.of(ROOT, "warn", "dev.vecho", "info"));

    @Override
    public List<String> levels() {
        return List.of("off", "warn", "info", "debug");
    }

    @Override
    public Map<String, String> own() {
        return new TreeMap<>(own);
    }

    @Override
    public String effective(String logger) {
        for (String name = logger; ; name = name.substring(0, name.lastIndexOf('.'))) {
            String level = own.get(name);
            if (level != null || !name.contains(".")) {
                return level == null ? own.getOrDefault(ROOT, "off") : level;
            }
        }
    }

    @Override
    public void set(String logger, @Nullable String level) {
        if (level == null) {
            own.remove(logger);
        } else {
            own.put(logger, level);
        }
    }
}
