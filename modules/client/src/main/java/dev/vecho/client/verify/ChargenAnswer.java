package dev.vecho.client.verify;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lines of RFC 864. The RFC asks for printable characters, and calls a pattern popular: 72 in a line, each line one character further
 * in the ring of all 95 than the one before. Others leave some out, or begin again somewhere: xinetd has neither the space nor
 * {@code ~}, and begins again after 95 lines. So the ring is learned from what comes, and has to stay the same.
 */
final class ChargenAnswer extends ServiceAnswer {

    private static final int LINE = 72;
    private static final int MAX_MESSAGE = 512;
    private static final int UNKNOWN = -1;

    private final int wanted;
    private final int[] next = new int[128];
    private final byte[] first = new byte[LINE];
    private final byte[] line = new byte[LINE];
    private int column;
    private int lines;
    private int begin = UNKNOWN;

    ChargenAnswer(int wanted) {
        this.wanted = wanted;
        Arrays.fill(next, UNKNOWN);
    }

    @Override
    @Nullable String take(byte at) {
        if (column >= LINE) {
            return lineEnd(at);
        }
        if (at < ' ' || at > '~') {
            return place() + " is no printable character: " + show(at);
        }
        String wrong = column == 0 ? beginLine(at) : follow(line[column - 1], at);
        line[column] = at;
        column++;
        return wrong;
    }

    /** A line begins one further in the ring, or as the first one did. */
    private @Nullable String beginLine(byte at) {
        boolean further = begin == UNKNOWN || at == next[begin];
        if (!further && (at != first[0] || lines < ring())) {
            return place() + " should be " + show((byte) next[begin]) + ", the next in the ring, and is " + show(at);
        }
        begin = at;
        return null;
    }

    private @Nullable String follow(byte before, byte at) {
        if (next[before] == UNKNOWN) {
            next[before] = at;
        }
        return next[before] == at
                ? null
                : place() + " should be " + show((byte) next[before]) + ", which has followed " + show(before)
                        + " before, and is " + show(at);
    }

    private @Nullable String lineEnd(byte at) {
        byte expected = (byte) (column == LINE ? '\r' : '\n');
        if (at != expected) {
            return "line " + (lines + 1) + " should have " + LINE + " characters, and CR and LF after them: " + show(at)
                    + " came";
        }
        column++;
        if (column == LINE + 2) {
            if (lines == 0) {
                System.arraycopy(line, 0, first, 0, LINE);
            }
            lines++;
            column = 0;
        }
        return null;
    }

    /** How many characters the ring has; so many as are known, while it is not closed. */
    private int ring() {
        int count = 0;
        for (int each : next) {
            count += each == UNKNOWN ? 0 : 1;
        }
        return count;
    }

    private boolean isClosed() {
        for (int each : next) {
            if (each != UNKNOWN && next[each] == UNKNOWN) {
                return false;
            }
        }
        return ring() > 0;
    }

    private String place() {
        return "character " + (column + 1) + " of line " + (lines + 1);
    }

    private static String show(byte at) {
        return at >= ' ' && at <= '~'
                ? "'" + (char) at + "'"
                : "0x" + HexFormat.of().toHexDigits(at);
    }

    @Override
    boolean isComplete() {
        return lines >= wanted;
    }

    @Override
    long atLeast() {
        return isComplete() ? Long.MAX_VALUE : (long) (wanted - lines) * (LINE + 2) - column;
    }

    /** A generator goes on until the connection is closed. */
    @Override
    boolean goesOnWith(byte more) {
        return true;
    }

    /** One has 0 to 512 characters, and may begin anywhere. */
    @Override
    @Nullable String message(byte[] bytes) {
        if (bytes.length > MAX_MESSAGE) {
            return "a message must have at most " + MAX_MESSAGE + " characters, had " + bytes.length;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((bytes[i] < ' ' || bytes[i] > '~') && bytes[i] != '\r' && bytes[i] != '\n') {
                return "character " + (i + 1) + " is not printable: " + show(bytes[i]);
            }
        }
        return null;
    }

    @Override
    Map<String, String> facts() {
        return isClosed() ? Map.of("chargenRing", ring() + " characters" + without()) : Map.of();
    }

    private String without() {
        StringBuilder missing = new StringBuilder();
        for (byte each = ' '; each <= '~'; each++) {
            if (next[each] == UNKNOWN) {
                missing.append(missing.isEmpty() ? ", without " : " ").append(show(each));
            }
        }
        return missing.toString();
    }
}
