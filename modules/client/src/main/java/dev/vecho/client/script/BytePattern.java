package dev.vecho.client.script;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;

/**
 * A pattern of bytes: a regular expression without what needs backtracking. It becomes an automaton with a position for each
 * set of bytes in the expression, so that a byte costs at most so many operations as there are positions, whatever comes, and
 * the first byte with which nothing can match any more is known when it comes.
 *
 * <p>Characters stand for their bytes in UTF-8. {@code .} is any byte, line ends too, and <code>&#92;xHH</code> a certain one;
 * {@code []}, {@code ()}, {@code |}, <code>* + ? {n} {n,} {n,m}</code>, <code>&#92;r &#92;n &#92;t &#92;d &#92;w &#92;s</code>
 * and their opposites are as usual, and what stands between <code>&#92;Q</code> and <code>&#92;E</code> is taken as it is.
 */
public final class BytePattern {

    /** The most positions. */
    static final int MAX_POSITIONS = 1000;

    private final String text;
    private final List<BitSet> bytes;
    private final BitSet first;
    private final BitSet last;
    private final List<BitSet> next;

    /**
     * Puts one together.
     *
     * @param bytes the bytes of each position
     * @param first the positions of a first byte
     * @param last the positions with which it may end
     * @param next the positions that may follow each
     */
    private BytePattern(String text, List<BitSet> bytes, BitSet first, BitSet last, List<BitSet> next) {
        this.text = text;
        this.bytes = bytes;
        this.first = first;
        this.last = last;
        this.next = next;
    }

    /**
     * Reads one. It matches no answer without a byte.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static BytePattern of(String text) {
        BytePatternParser parser = new BytePatternParser(text);
        BytePatternParser.Part whole = parser.parse();
        if (whole.empty()) {
            throw new IllegalArgumentException("matches an answer without a byte, which is the shortest");
        }
        return new BytePattern(text, List.copyOf(parser.bytes()), whole.first(), whole.last(), parser.next());
    }

    /** Whether bytes may follow with which it still matches, although it matched before them, such as with {@code a+}. */
    public boolean goesOn() {
        return last.stream().anyMatch(position -> !next.get(position).isEmpty());
    }

    /** What matches it so far: nothing yet. */
    public Progress begin() {
        return new Progress();
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }

    /** What has come of an answer. */
    public final class Progress {

        private BitSet possible = first;
        private boolean complete;

        private Progress() {}

        /** Takes the next byte; returns whether an answer that begins so can match. What is taken after one that cannot does not count. */
        public boolean take(byte value) {
            BitSet after = new BitSet();
            boolean matched = false;
            boolean ends = false;
            for (int at = possible.nextSetBit(0); at >= 0; at = possible.nextSetBit(at + 1)) {
                if (bytes.get(at).get(value & 0xff)) {
                    matched = true;
                    ends |= last.get(at);
                    after.or(next.get(at));
                }
            }
            if (matched) {
                possible = after;
                complete = ends;
            }
            return matched;
        }

        /** Whether what came matches as a whole. */
        public boolean matches() {
            return complete;
        }

        /** The bytes that may come next, for people, as in a class of a pattern. */
        public String expected() {
            BitSet all = new BitSet();
            possible.stream().forEach(position -> all.or(bytes.get(position)));
            return BytePattern.show(all);
        }
    }

    private static final int ALL = 256;

    private static String show(BitSet set) {
        if (set.cardinality() == ALL) {
            return "any byte";
        }
        if (set.isEmpty()) {
            return "nothing more";
        }
        if (set.cardinality() > ALL / 2) {
            BitSet others = (BitSet) set.clone();
            others.flip(0, ALL);
            return "[^" + ranges(others) + "]";
        }
        return set.cardinality() == 1 ? show(set.nextSetBit(0)) : "[" + ranges(set) + "]";
    }

    private static String ranges(BitSet set) {
        List<String> ranges = new ArrayList<>();
        for (int from = set.nextSetBit(0); from >= 0; ) {
            int to = set.nextClearBit(from) - 1;
            ranges.add(to - from < 2 ? show(from) + (to > from ? show(to) : "") : show(from) + "-" + show(to));
            from = set.nextSetBit(to + 1);
        }
        return String.join("", ranges);
    }

    /** A byte for people, as patterns have it. */
    public static String show(int value) {
        return switch (value) {
            case '\r' -> "\\r";
            case '\n' -> "\\n";
            case '\t' -> "\\t";
            default ->
                value >= ' ' && value <= '~'
                        ? Character.toString(value)
                        : "\\x" + HexFormat.of().toHexDigits((byte) value);
        };
    }
}
