package dev.vecho.server;

import dev.vecho.core.config.Options;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names of environment variables: which ones a configuration is read from, and which were meant to be. */
final class EnvironmentVariables {

    static final String PREFIX = "VECHO__";

    /** Between the names of nested keys. */
    static final String SEPARATOR = "__";

    private static final String ANY = "VECHO_";

    /** Those that are read elsewhere: by the script that starts Vecho, and by its build. */
    private static final Set<String> KNOWN =
            Set.of("VECHO_JAVA_OPTS", "VECHO_CLASSPATH", "VECHO_REQUIRE_ALL", "VECHO_OTHER_JDK");

    /** What Kubernetes puts into the containers of a namespace that has a service named vecho, or vecho-something. */
    private static final Pattern OF_KUBERNETES = Pattern.compile(
            "VECHO_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

    private static final Pattern PORT_OF_KUBERNETES = Pattern.compile("VECHO_(.*_)?PORT");

    private static final Pattern ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

    private static final String LISTENERS = "LISTENERS";

    private EnvironmentVariables() {}

    /** Whether a variable looks like one of Vecho's, and nobody reads it. */
    static boolean isStray(String name, String value) {
        return name.startsWith(ANY)
                && !name.startsWith(PREFIX)
                && !KNOWN.contains(name)
                && !OF_KUBERNETES.matcher(name).matches()
                && !(PORT_OF_KUBERNETES.matcher(name).matches()
                        && ADDRESS.matcher(value).matches());
    }

    /** The variable that stands for a key: {@code VECHO__DRAIN_MILLIS} for {@code drainMillis}. */
    static String of(String path) {
        StringBuilder name = new StringBuilder(PREFIX);
        String separator = "";
        for (String key : path.split("\\.", -1)) {
            name.append(separator)
                    .append(key.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                            .replaceAll("[^A-Za-z0-9]", "_")
                            .toUpperCase(Locale.ROOT));
            separator = SEPARATOR;
        }
        return name.toString();
    }

    /** A key or a part of a variable's name without what they are spelled differently in. */
    static String plain(String name) {
        return name.replaceAll("[^A-Za-z0-9]", "").toLowerCase(Locale.ROOT);
    }

    /**
     * The variable that a stray one was meant to be.
     *
     * @param paths of the keys that there are
     */
    static Optional<String> nearest(String stray, Collection<String> paths) {
        String rest = stray.substring(ANY.length());
        Map<String, String> names = new LinkedHashMap<>();
        Set<String> listenerKeys = new LinkedHashSet<>();
        for (String path : paths) {
            names.put(of(path).substring(PREFIX.length()), of(path));
            String[] parts = path.split("\\.", 3);
            if (parts.length == 3 && of(parts[0]).equals(PREFIX + LISTENERS)) {
                listenerKeys.add(parts[2]);
            }
        }
        for (String path : paths) {
            if (plain(path).equals(plain(rest))) {
                return Optional.of(of(path));
            }
        }
        String ofListener = ofListener(rest, listenerKeys);
        return ofListener != null
                ? Optional.of(ofListener)
                : Options.nearest(rest, names.keySet()).map(names::get);
    }

    /** The same for a key of a listener that there is not yet; the longest such key is taken, so {@code tls.key} before {@code key}. */
    private static @Nullable String ofListener(String rest, Set<String> keys) {
        if (!rest.startsWith(LISTENERS)) {
            return null;
        }
        String listener = rest.substring(LISTENERS.length());
        for (int at = listener.indexOf('_', 1); at > 0; at = listener.indexOf('_', at + 1)) {
            String name = listener.substring(0, at).replaceAll("^_+|_+$", "");
            String key = plain(listener.substring(at));
            for (String known : keys) {
                if (plain(known).equals(key) && !name.isEmpty()) {
                    return PREFIX
                            + LISTENERS
                            + SEPARATOR
                            + name
                            + SEPARATOR
                            + of(known).substring(PREFIX.length());
                }
            }
        }
        return null;
    }
}
