package dev.vecho.net.tls;

import java.io.IOException;
import java.util.Arrays;

/** Elements of DER, one after the other; X.690, section 8.1. */
final class Der {

    private final byte[] bytes;
    private int next;
    private final int end;

    Der(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private Der(byte[] bytes, int from, int end) {
        this.bytes = bytes;
        this.next = from;
        this.end = end;
    }

    boolean hasNext() {
        return next < end;
    }

    int tag() {
        return bytes[next] & 0xff;
    }

    void skip() throws IOException {
        take();
    }

    /** The next element, whole. */
    byte[] take() throws IOException {
        int from = next;
        next = head()[1];
        return Arrays.copyOfRange(bytes, from, next);
    }

    /** The elements in the next one. */
    Der enter(int tag) throws IOException {
        if (!hasNext() || tag() != tag) {
            throw new IOException("not the element that is expected at byte " + next);
        }
        int[] content = head();
        next = content[1];
        return new Der(bytes, content[0], content[1]);
    }

    /** Where the next element's content begins, and ends. */
    private int[] head() throws IOException {
        int from = next + 2;
        if (from > end) {
            throw new IOException("it is cut off at byte " + end);
        }
        long length = bytes[next + 1] & 0xff;
        if (length >= 0x80) {
            int digits = (int) length & 0x7f;
            if (digits == 0 || digits > 4 || from + digits > end) {
                throw new IOException("a wrong length at byte " + next);
            }
            length = 0;
            for (int i = 0; i < digits; i++) {
                length = (length << 8) | (bytes[from++] & 0xff);
            }
        }
        if (length > end - from) {
            throw new IOException("it is cut off at byte " + end);
        }
        return new int[] {from, from + (int) length};
    }
}
