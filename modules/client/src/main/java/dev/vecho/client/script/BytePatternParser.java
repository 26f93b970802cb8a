package dev.vecho.client.script;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;

/** Reads a {@link BytePattern}, and finds the positions that may follow one another (Glushkov's construction). */
final class BytePatternParser {

    private static final int BYTES = 256;
    private static final int ASCII = 128;
    private static final int MAX_DEPTH = 100;
    private static final BitSet ANY = range(0, BYTES - 1);

    /**
     * A part of the expression.
     *
     * @param empty whether it matches no byte at all
     * @param first the positions that its first byte may have
     * @param last the positions that its last byte may have
     */
    record Part(boolean empty, BitSet first, BitSet last) {

        static final Part NOTHING = new Part(true, new BitSet(), new BitSet());

        Part or(Part other) {
            return new Part(empty || other.empty, union(first, other.first), union(last, other.last));
        }

        Part optional() {
            return new Part(true, first, last);
        }
    }

    private final String text;
    private final List<BitSet> bytes = new ArrayList<>();
    private final List<BitSet> next = new ArrayList<>();
    private int at;
    private int depth;

    BytePatternParser(String text) {
        this.text = text;
    }

    /** The bytes of each position. */
    List<BitSet> bytes() {
        return bytes;
    }

    /** The positions that may follow each. */
    List<BitSet> next() {
        return next;
    }

    Part parse() {
        Part whole = alternatives();
        if (at < text.length()) {
            throw wrong("has a ) without a (");
        }
        return whole;
    }

    private Part alternatives() {
        Part part = sequence();
        while (accept("|")) {
            part = part.or(sequence());
        }
        return part;
    }

    private Part sequence() {
        Part part = Part.NOTHING;
        while (at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')') {
            part = followed(part, repeated());
        }
        return part;
    }

    private Part repeated() {
        int from = at;
        Part part = atom();
        int to = at;
        if (accept("*")) {
            part = again(part).optional();
        } else if (accept("+")) {
            part = again(part);
        } else if (accept("?")) {
            part = part.optional();
        } else if (accept("{")) {
            part = counted(part, from, to);
        }
        if (at > to && at < text.length() && "*+?{".indexOf(text.charAt(at)) >= 0) {
            throw wrong("repeats what is repeated: the shortest answer that matches is taken in any case");
        }
        return part;
    }

    /** Of <code>a{2,4}</code>, <code>aa(a(a)?)?</code>; of <code>a{2,}</code>, {@code aa+}. */
    private Part counted(Part once, int from, int to) {
        int end = text.indexOf('}', at);
        String[] limits = (end < 0 ? "" : text.substring(at, end)).split(",", -1);
        int least = number(limits[0]);
        boolean endless = limits.length == 2 && limits[1].isEmpty();
        int most = limits.length == 1 ? least : endless ? Math.max(1, least) : number(limits[limits.length - 1]);
        if (limits.length > 2 || least < 0 || most < least || most == 0) {
            throw wrong("must have numbers in {}, as {2} or {2,5} or {2,} do; write \\{ for the character");
        }
        if (once.first().isEmpty()) {
            throw wrong("repeats nothing");
        }
        List<Part> copies = new ArrayList<>(List.of(once));
        while (copies.size() < most) {
            at = from;
            copies.add(atom());
            if (at != to) {
                throw new IllegalStateException("another part in " + text);
            }
        }
        at = end + 1;
        Part part = Part.NOTHING;
        for (int i = most - 1; i >= 0; i--) {
            Part copy = copies.get(i);
            if (endless && i == most - 1) {
                copy = again(copy);
            }
            part = followed(copy, part);
            if (i >= least) {
                part = part.optional();
            }
        }
        return part;
    }

    /** A number of at most four digits; else one that is no limit. */
    private static int number(String digits) {
        return digits.matches("[0-9]{1,4}") ? Integer.parseInt(digits) : Integer.MIN_VALUE;
    }

    private Part atom() {
        if (accept("(")) {
            if (accept("?") && !accept(":")) {
                throw wrong("has (?, of which only (?: is known");
            }
            if (++depth > MAX_DEPTH) {
                throw wrong("has more than " + MAX_DEPTH + " ( within each other");
            }
            Part group = alternatives();
            depth--;
            if (!accept(")")) {
                throw wrong("has a ( without a )");
            }
            return group;
        }
        if (accept("[")) {
            return position(set());
        }
        if (accept(".")) {
            return position(ANY);
        }
        if (accept("\\Q")) {
            int end = text.indexOf("\\E", at);
            Part quoted = literal(text.substring(at, end < 0 ? text.length() : end));
            at = end < 0 ? text.length() : end + 2;
            return quoted;
        }
        if (accept("\\")) {
            return position(escaped());
        }
        char character = text.charAt(at);
        if ("*+?{".indexOf(character) >= 0) {
            throw wrong("has " + character + " with nothing before it to repeat; write \\" + character
                    + " for the character");
        }
        if (character == '^' || character == '$') {
            throw wrong("has " + character + ", which it needs not: it is the whole answer that must match; write \\"
                    + character + " for the character");
        }
        int length = Character.charCount(text.codePointAt(at));
        at += length;
        return literal(text.substring(at - length, at));
    }

    private Part literal(String characters) {
        Part part = Part.NOTHING;
        for (byte each : characters.getBytes(StandardCharsets.UTF_8)) {
            part = followed(part, position(range(each & 0xff, each & 0xff)));
        }
        return part;
    }

    // ---- sets of bytes

    /** What stands behind a [. */
    private BitSet set() {
        BitSet set = new BitSet();
        boolean others = accept("^");
        while (!accept("]")) {
            BitSet from = member();
            if (text.startsWith("-", at) && !text.startsWith("-]", at)) {
                at++;
                BitSet to = member();
                if (from.cardinality() != 1 || to.cardinality() != 1 || to.length() < from.length()) {
                    throw wrong("has a range in [] that is none");
                }
                set.set(from.nextSetBit(0), to.length());
            } else {
                set.or(from);
            }
        }
        BitSet all = others ? others(set) : set;
        if (all.isEmpty()) {
            throw wrong("has [] without a byte in it");
        }
        return all;
    }

    private BitSet member() {
        if (at == text.length()) {
            throw wrong("has a [ without a ]");
        }
        if (accept("\\")) {
            return escaped();
        }
        char character = text.charAt(at++);
        if (character >= ASCII) {
            throw wrong("has a character in [] that is more than one byte: write bytes as \\xHH");
        }
        return range(character, character);
    }

    /** What stands behind a backslash. */
    private BitSet escaped() {
        if (at == text.length()) {
            throw wrong("ends with \\");
        }
        char character = text.charAt(at++);
        return switch (character) {
            case 'd' -> digits();
            case 'w' -> word();
            case 's' -> space();
            case 'D' -> others(digits());
            case 'W' -> others(word());
            case 'S' -> others(space());
            case 'r' -> range('\r', '\r');
            case 'n' -> range('\n', '\n');
            case 't' -> range('\t', '\t');
            case 'x' -> hex();
            default -> {
                if (character >= ASCII || Character.isLetterOrDigit(character)) {
                    throw wrong("has \\" + character + ", which is not known here");
                }
                yield range(character, character);
            }
        };
    }

    private BitSet hex() {
        if (at + 2 > text.length()
                || !HexFormat.isHexDigit(text.charAt(at))
                || !HexFormat.isHexDigit(text.charAt(at + 1))) {
            throw wrong("must have two hexadecimal digits after \\x");
        }
        int value = HexFormat.fromHexDigits(text, at, at + 2);
        at += 2;
        return range(value, value);
    }

    private static BitSet digits() {
        return range('0', '9');
    }

    private static BitSet word() {
        BitSet set = digits();
        set.or(range('a', 'z'));
        set.or(range('A', 'Z'));
        set.set('_');
        return set;
    }

    private static BitSet space() {
        BitSet set = range('\t', '\r');
        set.set(' ');
        return set;
    }

    private static BitSet others(BitSet set) {
        BitSet others = (BitSet) set.clone();
        others.flip(0, BYTES);
        return others;
    }

    private static BitSet range(int from, int to) {
        BitSet set = new BitSet(BYTES);
        set.set(from, to + 1);
        return set;
    }

    // ---- positions

    private Part position(BitSet set) {
        if (bytes.size() == BytePattern.MAX_POSITIONS) {
            throw new IllegalArgumentException("is too long: it must have at most " + BytePattern.MAX_POSITIONS
                    + " bytes and sets of bytes, each counted as often as it is repeated in {}");
        }
        BitSet here = new BitSet();
        here.set(bytes.size());
        bytes.add(set);
        next.add(new BitSet());
        return new Part(false, here, here);
    }

    private Part followed(Part part, Part other) {
        link(part.last(), other.first());
        return new Part(
                part.empty() && other.empty(),
                part.empty() ? union(part.first(), other.first()) : part.first(),
                other.empty() ? union(part.last(), other.last()) : other.last());
    }

    private Part again(Part part) {
        link(part.last(), part.first());
        return part;
    }

    private void link(BitSet from, BitSet to) {
        from.stream().forEach(position -> next.get(position).or(to));
    }

    private static BitSet union(BitSet one, BitSet other) {
        BitSet both = (BitSet) one.clone();
        both.or(other);
        return both;
    }

    private boolean accept(String expected) {
        boolean there = text.startsWith(expected, at);
        at += there ? expected.length() : 0;
        return there;
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(what + ", at index " + Math.min(at, text.length()));
    }
}
