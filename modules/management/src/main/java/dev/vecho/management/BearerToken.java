package dev.vecho.management;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.SecretText;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/** A secret that clients show in the header {@code Authorization} (RFC 6750). Only its digest is kept. */
final class BearerToken {

    private static final String SCHEME = "bearer ";

    private final byte[] digest;

    BearerToken(String token) {
        this.digest = digest(token);
    }

    /** Reads {@code token} or {@code tokenFile}; null where neither is there, or where something is wrong. Blocks. */
    static @Nullable BearerToken read(Options options) {
        String token = SecretText.read(options, "token", "tokenFile");
        return token == null ? null : new BearerToken(token);
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
