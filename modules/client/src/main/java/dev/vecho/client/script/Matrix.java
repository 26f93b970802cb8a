package dev.vecho.client.script;

import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.Transport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a script varies: each target is checked with each combination of these. An axis that is empty is not varied. A
 * version of TLS, or a family of addresses, that does not apply to a target is left out of its cases.
 *
 * @param sizes of the payload, in bytes
 * @param tls versions of TLS, such as {@code TLSv1.3}
 * @param families of addresses: {@code ipv4}, {@code ipv6}
 * @param connections whether each round has a connection of its own
 */
public record Matrix(List<Long> sizes, List<String> tls, List<String> families, List<Connections> connections) {

    /** Varies nothing. */
    public static final Matrix NONE = new Matrix(List.of(), List.of(), List.of(), List.of());

    /** How long a connection is used. */
    public enum Connections {
        /** For one round. */
        ROUND,
        /** For all rounds of its case, as long as none fails. */
        KEPT;

        static Connections of(boolean kept) {
            return kept ? KEPT : ROUND;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Matrix {
        sizes = List.copyOf(sizes);
        tls = List.copyOf(tls);
        families = List.copyOf(families);
        connections = List.copyOf(connections);
    }

    /**
     * Adds the cases of a target.
     *
     * @param startsTls whether TLS is begun on its connections
     * @throws IllegalArgumentException with a message for the user, if nothing of an axis fits a target that it applies to:
     *     leaving the target out would look as if it had passed
     */
    public void addCases(Target target, Transport transport, boolean startsTls, List<Case> cases) {
        Set<String> spoken = Set.of();
        Set<String> reachable = Set.of();
        if (transport instanceof TestableTransport testable) {
            spoken = testable.tlsVersions(target, startsTls);
            reachable = testable.families(target);
        }
        List<@Nullable String> versions = fitting("tls", tls, spoken, target);
        List<@Nullable String> addresses = fitting("families", families, reachable, target);
        for (Long size : orNone(sizes)) {
            for (String version : versions) {
                for (String family : addresses) {
                    for (Connections kind : orNone(connections)) {
                        StringBuilder name = new StringBuilder(target.text());
                        describe(name, "size", size);
                        describe(name, "tls", version);
                        describe(name, "family", family);
                        describe(name, "connections", kind);
                        cases.add(new Case(
                                cases.size(),
                                unique(name.toString(), cases),
                                target.text(),
                                size,
                                version,
                                family,
                                kind == Connections.KEPT));
                    }
                }
            }
        }
    }

    /** How many cases a target has at most. */
    public long combinations() {
        return (long) Math.max(1, sizes.size())
                * Math.max(1, tls.size())
                * Math.max(1, families.size())
                * Math.max(1, connections.size());
    }

    /** The values that apply to a target; a single null where none does. */
    private static List<@Nullable String> fitting(String axis, List<String> wanted, Set<String> known, Target target) {
        if (wanted.isEmpty() || known.isEmpty()) {
            return orNone(List.of());
        }
        List<@Nullable String> fitting = new ArrayList<>(wanted);
        fitting.retainAll(known);
        if (fitting.isEmpty()) {
            throw new IllegalArgumentException(target + ": none of matrix." + axis + " fits it, expected one of "
                    + String.join(", ", sorted(known)));
        }
        return fitting;
    }

    private static List<String> sorted(Set<String> texts) {
        return texts.stream().sorted().toList();
    }

    private static <T> List<@Nullable T> orNone(List<T> values) {
        return values.isEmpty() ? Collections.singletonList(null) : new ArrayList<>(values);
    }

    private static void describe(StringBuilder name, String axis, @Nullable Object value) {
        if (value != null) {
            name.append(' ').append(axis).append('=').append(value);
        }
    }

    /** A script may name a target twice. */
    private static String unique(String name, List<Case> cases) {
        String tried = name;
        for (int i = 2; isTaken(tried, cases); i++) {
            tried = name + " #" + i;
        }
        return tried;
    }

    private static boolean isTaken(String name, List<Case> cases) {
        return cases.stream().anyMatch(other -> other.name().equals(name));
    }
}
