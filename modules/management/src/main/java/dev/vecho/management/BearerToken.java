package dev.vecho.management;

import dev.vecho.core.config.Options;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A secret that clients show in the header {@code Authorization} (RFC 6750). Only its digest is kept. */
final class BearerToken {

    private static final String SCHEME = "bearer ";
    private static final int MAX_LENGTH = 4096;

    /** What a header can carry, without blanks. */
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1," + MAX_LENGTH + "}");

    private static final String EXPECTED = "1 to " + MAX_LENGTH + " characters of ASCII without blanks";

    private final byte[] digest;

    BearerToken(String token) {
        this.digest = digest(token);
    }

    /** Reads {@code token} or {@code tokenFile}; null where neither is there, or where something is wrong. Blocks. */
    static @Nullable BearerToken read(Options options) {
        String token = options.secret("token");
        Path file = options.file("tokenFile");
        if (token != null && file != null) {
            options.problem("tokenFile", "stands beside token: give one or the other");
            return null;
        }
        String key = file == null ? "token" : "tokenFile";
        try {
            String read = file == null ? token : content(file);
            if (read == null) {
                return null;
            }
            if (TOKEN.matcher(read).matches()) {
                return new BearerToken(read);
            }
            options.problem(key, file == null ? "must be " + EXPECTED : "must hold " + EXPECTED + ": " + file);
        } catch (NoSuchFileException e) {
            options.problem(key, "no such file: " + file);
        } catch (AccessDeniedException e) {
            options.problem(key, "no permission to read " + file);
        } catch (IOException e) {
            options.problem(key, "cannot read " + file + ": " + e.getMessage());
        }
        return null;
    }

    /** What a file holds, without the end of its line; of a longer one only more than a token can have. */
    private static String content(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_LENGTH + 3), StandardCharsets.ISO_8859_1).stripTrailing();
        }
    }

    /** Whether a header {@code Authorization} shows it; takes as long whatever it shows. */
    boolean isShownBy(@Nullable String authorization) {
        String shown = authorization == null ? "" : authorization;
        boolean bearer = shown.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        byte[] other = digest(bearer ? shown.substring(SCHEME.length()).strip() : "");
        return MessageDigest.isEqual(digest, other) && bearer;
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.ISO_8859_1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
