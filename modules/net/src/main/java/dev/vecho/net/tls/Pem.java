package dev.vecho.net.tls;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A block of a PEM file (RFC 7468, with the headers of RFC 1421). */
final class Pem {

    private static final Pattern LINES = Pattern.compile("\r\n|\n|\r");
    private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([^-]*)-----");
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9-]+:.*");

    /** A byte order mark in UTF-8, read as ISO 8859-1. */
    private static final String MARK = "\u00ef\u00bb\u00bf";

    private final String label;
    private final int line;
    private final boolean isEncrypted;
    private final byte @Nullable [] content;

    private Pem(String label, int line, boolean isEncrypted, byte @Nullable [] content) {
        this.label = label;
        this.line = line;
        this.isEncrypted = isEncrypted;
        this.content = content;
    }

    /** Such as {@code CERTIFICATE}. */
    String label() {
        return label;
    }

    /** Where it begins, from 1. */
    int line() {
        return line;
    }

    /** Whether its label or its headers say so. */
    boolean isEncrypted() {
        return isEncrypted;
    }

    /** Not a copy; null where it is not base64, or has no end. */
    byte @Nullable [] content() {
        return content;
    }

    /**
     * Finds all blocks, in the order of the file. As OpenSSL does, it reads past whatever stands around them: a byte order
     * mark, text, attributes.
     */
    static List<Pem> blocks(byte[] file) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        String[] lines = LINES.split(text.startsWith(MARK) ? text.substring(MARK.length()) : text, -1);
        List<Pem> blocks = new ArrayList<>();
        int next = 0;
        while (next < lines.length) {
            Matcher begin = BEGIN.matcher(lines[next].strip());
            next++;
            if (begin.matches()) {
                int from = next;
                String end = "-----END " + begin.group(1) + "-----";
                while (next < lines.length
                        && !lines[next].strip().equals(end)
                        && !BEGIN.matcher(lines[next].strip()).matches()) {
                    next++;
                }
                boolean isWhole = next < lines.length && lines[next].strip().equals(end);
                blocks.add(read(begin.group(1), from, List.of(lines).subList(from, next), isWhole));
            }
        }
        return blocks;
    }

    private static Pem read(String label, int line, List<String> lines, boolean isWhole) {
        boolean isEncrypted = label.startsWith("ENCRYPTED ");
        StringBuilder base64 = new StringBuilder();
        boolean inHeaders =
                !lines.isEmpty() && HEADER.matcher(lines.get(0).strip()).matches();
        for (String each : lines) {
            if (!inHeaders) {
                base64.append(each);
            } else if (each.isBlank()) {
                inHeaders = false;
            } else {
                isEncrypted |= each.startsWith("Proc-Type:") && each.contains("ENCRYPTED");
            }
        }
        return new Pem(label, line, isEncrypted, isWhole ? decode(base64) : null);
    }

    private static byte @Nullable [] decode(CharSequence base64) {
        StringBuilder tight = new StringBuilder(base64.length());
        base64.chars().filter(c -> c > ' ').forEach(c -> tight.append((char) c));
        try {
            return Base64.getDecoder().decode(tight.toString());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
