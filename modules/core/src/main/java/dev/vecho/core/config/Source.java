package dev.vecho.core.config;

import java.nio.file.Path;

/**
 * Where options come from: a file, the environment, a script.
 *
 * @param name for messages, such as {@code conf/vecho.json}
 * @param directory what relative file names in it are relative to
 * @param textual whether all its values are text, as in the environment, so that {@code "7007"} is a number there
 */
public record Source(String name, Path directory, boolean textual) {

    /** A source whose relative file names are relative to the working directory. */
    public static Source named(String name) {
        return new Source(name, Path.of(""), false);
    }
}
