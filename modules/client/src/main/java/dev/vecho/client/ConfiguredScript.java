package dev.vecho.client;

import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Json;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Source;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A script that a configuration has: written there, key {@code script}, or in a file, key {@code scriptFile}; the default script where
 * it has neither.
 */
public final class ConfiguredScript {

    /** What a script calls its source where it stands in the configuration itself. */
    private static final String INLINE = "\0script";

    private static final Pattern WITHIN = Pattern.compile(INLINE + ": (?:([\\w$.\\[\\]-]+): )?(.*)", Pattern.DOTALL);

    private final Options options;
    private final JsonObject inline;
    private final @Nullable Path file;

    private ConfiguredScript(Options options, JsonObject inline, @Nullable Path file) {
        this.options = options;
        this.inline = inline;
        this.file = file;
    }

    /** Reads the two keys; what is wrong with them is added to the options' problems. */
    public static ConfiguredScript read(Options options) {
        JsonObject inline = options.object("script").content().json();
        Path file = options.file("scriptFile");
        if (options.has("script") && file != null) {
            options.problem("scriptFile", "stands beside script: give one or the other");
        }
        return new ConfiguredScript(options, inline, file);
    }

    /**
     * Parses the script. Blocks: it opens the files that it names.
     *
     * @throws InvalidInputException with everything that is wrong, to be {@linkplain #tell told}
     */
    public Script parse() {
        if (file == null) {
            return options.has("script")
                    ? Script.of(
                            inline, new Source(INLINE, options.source("script").directory(), false))
                    : Script.standard();
        }
        Path directory = file.toAbsolutePath().getParent();
        try {
            Source source = new Source(file.toString(), directory == null ? Path.of("") : directory, false);
            return Script.of(Json.parse(source.name(), Buffer.buffer(Files.readAllBytes(file))), source);
        } catch (NoSuchFileException e) {
            throw new InvalidInputException(List.of("no such file: " + file));
        } catch (IOException e) {
            throw new InvalidInputException(List.of("cannot be read: " + e.getMessage()));
        }
    }

    /** Adds a message of the script, which begins with its source, to the options' problems: where that stands in the configuration. */
    public void tell(String problem) {
        Matcher within = WITHIN.matcher(problem);
        if (within.matches()) {
            String path = within.group(1);
            options.problem(path == null ? "script" : "script." + path, within.group(2));
        } else {
            options.problem(options.has("scriptFile") ? "scriptFile" : "script", problem);
        }
    }
}
