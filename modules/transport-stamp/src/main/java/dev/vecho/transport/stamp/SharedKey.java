package dev.vecho.transport.stamp;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.SecretText;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The key of authenticated mode: a text, whose characters are the octets, or {@code hex:} and the octets in hexadecimal. */
record SharedKey(String text) {

    private static final String HEX = "hex:";

    /** Reads {@code key}, or the file that {@code keyFile} names; null where neither is there, or where something is wrong. Blocks. */
    static @Nullable SharedKey read(Options options) {
        String text = SecretText.read(options, "key", "keyFile");
        if (text == null) {
            return null;
        }
        SharedKey key = new SharedKey(text);
        try {
            key.octets();
            return key;
        } catch (IllegalArgumentException e) {
            options.problem(
                    options.has("keyFile") ? "keyFile" : "key", "must have pairs of hexadecimal digits after " + HEX);
            return null;
        }
    }

    /** Throws where they are not hexadecimal. */
    private byte[] octets() {
        if (!text.startsWith(HEX)) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }
        if (text.length() == HEX.length()) {
            throw new IllegalArgumentException("no digits");
        }
        return HexFormat.of().parseHex(text, HEX.length(), text.length());
    }

    Authenticator authenticator() {
        return new Authenticator(octets());
    }

    /** What a client needs to have the same key. */
    JsonObject options() {
        return new JsonObject().put("key", text);
    }

    /** Without the key, which must not come into a log. */
    @Override
    public String toString() {
        return "a key";
    }
}
