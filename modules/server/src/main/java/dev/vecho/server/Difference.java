package dev.vecho.server;

import dev.vecho.core.config.Content;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Says in a sentence what of an object of the configuration has changed. */
final class Difference {

    private final Map<String, Object> before;
    private final Map<String, Object> after;

    Difference(List<ConfiguredValue> before, List<ConfiguredValue> after) {
        this.before = byKey(before);
        this.after = byKey(after);
    }

    private static Map<String, Object> byKey(List<ConfiguredValue> values) {
        Map<String, Object> byKey = new TreeMap<>();
        values.forEach(value -> byKey.put(value.key(), value.value()));
        return byKey;
    }

    /** Such as {@code changed idleTimeoutMillis, the content of /etc/vecho/server.pem}. */
    String of(String pathBefore, Content contentBefore, String pathAfter, Content contentAfter) {
        Map<String, Object> old = below(before, pathBefore);
        Map<String, Object> now = below(after, pathAfter);
        List<String> changed = new ArrayList<>();
        for (String key : union(old, now)) {
            if (!Objects.equals(old.get(key), now.get(key))) {
                changed.add(key);
            }
        }
        for (Path file : union(contentBefore.files(), contentAfter.files())) {
            String digest = contentBefore.files().get(file);
            if (digest != null && !digest.equals(contentAfter.files().getOrDefault(file, digest))) {
                changed.add("the content of " + file);
            }
        }
        // Neither secrets that were changed are told, nor what is said in another way.
        return changed.isEmpty() ? "changed" : "changed " + String.join(", ", changed);
    }

    /** Sentences on keys at the top, such as {@code drainMillis: 2000 (was 10000)}. */
    List<String> of(List<String> keys) {
        return keys.stream()
                .filter(key -> !Objects.equals(before.get(key), after.get(key)))
                .map(key -> key + ": " + after.get(key) + " (was " + before.get(key) + ")")
                .toList();
    }

    private static <K extends Comparable<? super K>> Set<K> union(Map<K, ?> one, Map<K, ?> other) {
        Set<K> keys = new TreeSet<>(one.keySet());
        keys.addAll(other.keySet());
        return keys;
    }

    private static Map<String, Object> below(Map<String, Object> values, String path) {
        Map<String, Object> below = new TreeMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(path + ".")) {
                below.put(key.substring(path.length() + 1), value);
            }
        });
        return below;
    }
}
