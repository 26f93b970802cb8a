package dev.vecho.core.config;

import java.nio.file.Path;

/**
 * Where options come from: a file, the environment, a script.
 *
 * @param name for messages, such as {@code conf/vecho.json}
 * @param directory what relative file names in it are relative to
 * @param textual whether all its values are text, as in the environment, so that {@code "7007"} is a number there
 * @param foreign whether it is from somebody who may not name files of this machine
 */
public record Source(String name, Path directory, boolean textual, boolean foreign) {

    /** One that may name files. */
    public Source(String name, Path directory, boolean textual) {
        this(name, directory, textual, false);
    }

    /** A source whose relative file names are relative to the working directory. */
    public static Source named(String name) {
        return new Source(name, Path.of(""), false);
    }

    /** A source that may name no files. */
    public static Source foreign(String name) {
        return new Source(name, Path.of(""), false, true);
    }
}
