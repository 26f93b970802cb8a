package dev.vecho.server;

import java.nio.file.Path;
import java.util.Locale;

/** The format of a file, as vertx-config calls it, by the end of its name. */
final class FileFormat {

    static final String YAML = "yaml";

    private FileFormat() {}

    /** JSON, unless the name says that it is YAML. */
    static String of(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return name.endsWith(".yaml") || name.endsWith(".yml") ? YAML : StrictJson.FORMAT;
    }
}
