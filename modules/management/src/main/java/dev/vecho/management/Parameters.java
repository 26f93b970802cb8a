package dev.vecho.management;

import io.vertx.core.MultiMap;
import java.util.Set;

/** The parameters of a request, as they are read. What is wrong is an {@link IllegalArgumentException} that names it. */
final class Parameters {

    private Parameters() {}

    static void refuseOthers(MultiMap query, Set<String> known) {
        for (String name : query.names()) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(name + ": is not known, expected one of "
                        + known.stream().sorted().toList());
            }
        }
    }

    static long number(MultiMap query, String name, long otherwise, long least, long most) {
        String text = query.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": must be a number, was \"" + text + "\"", e);
        }
        throw new IllegalArgumentException(name + ": must be " + least + ".." + most + ", was " + text);
    }
}
