package dev.vecho.core.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A short secret, such as a token, that stands in the configuration or in a file that it names. Never part of a message. */
public final class SecretText {

    private static final int MAX_LENGTH = 4096;

    /** What a header can carry, without blanks. */
    private static final Pattern TEXT = Pattern.compile("[\\x21-\\x7e]{1," + MAX_LENGTH + "}");

    private static final String EXPECTED = "1 to " + MAX_LENGTH + " characters of ASCII without blanks";

    private SecretText() {}

    /** Reads a key, or the file that another names; null where neither is there, or where something is wrong. Blocks. */
    public static @Nullable String read(Options options, String key, String fileKey) {
        String text = options.secret(key);
        String fromFile = file(options, key, fileKey);
        if (options.has(fileKey)) {
            return fromFile;
        }
        if (text != null && !TEXT.matcher(text).matches()) {
            options.problem(key, "must be " + EXPECTED);
            return null;
        }
        return text;
    }

    /** Reads the file that a key names; null where there is none, or where something is wrong. Blocks. */
    public static @Nullable String file(Options options, String key, String fileKey) {
        Path file = options.file(fileKey);
        if (file == null) {
            return null;
        }
        if (options.has(key)) {
            options.problem(fileKey, "stands beside " + key + ": give one or the other");
            return null;
        }
        try {
            String text = content(file);
            if (TEXT.matcher(text).matches()) {
                return text;
            }
            options.problem(fileKey, "must hold " + EXPECTED + ": " + file);
        } catch (NoSuchFileException e) {
            options.problem(fileKey, "no such file: " + file);
        } catch (AccessDeniedException e) {
            options.problem(fileKey, "no permission to read " + file);
        } catch (IOException e) {
            options.problem(fileKey, "cannot read " + file + ": " + e.getMessage());
        }
        return null;
    }

    /** What a file holds, without the end of its line; of a longer one only more than a secret can have. */
    private static String content(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_LENGTH + 3), StandardCharsets.ISO_8859_1).stripTrailing();
        }
    }
}
