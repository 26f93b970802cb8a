package dev.vecho.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.util.ByteProcessor;

/** Tells the first byte that cannot be part of a text in UTF-8, while the text comes: RFC 3629, section 4. */
final class Utf8 implements ByteProcessor {

    /** How many bytes of the character are still to come, and between which bounds the next one must be. */
    private int missing;

    private int least;
    private int most;

    /** Looks at more of a text; false if it is none. */
    boolean accept(ByteBuf bytes) {
        return bytes.forEachByte(this) < 0;
    }

    /** Looks at more of a text; false if it is none. */
    boolean accept(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            if (!process(bytes[i])) {
                return false;
            }
        }
        return true;
    }

    /** Whether a text may end here. */
    boolean isComplete() {
        return missing == 0;
    }

    /** Begins another text. */
    void reset() {
        missing = 0;
    }

    @Override
    public boolean process(byte signed) {
        if (missing == 0 && signed >= 0) {
            return true;
        }
        int value = signed & 0xff;
        if (missing > 0) {
            if (value < least || value > most) {
                return false;
            }
            missing--;
            least = 0x80;
            most = 0xbf;
            return true;
        }
        least = 0x80;
        most = 0xbf;
        if (value >= 0xc2 && value <= 0xdf) {
            missing = 1;
        } else if (value >= 0xe0 && value <= 0xef) {
            missing = 2;
            // No longer form than needed, and no surrogates.
            least = value == 0xe0 ? 0xa0 : 0x80;
            most = value == 0xed ? 0x9f : 0xbf;
        } else if (value >= 0xf0 && value <= 0xf4) {
            missing = 3;
            least = value == 0xf0 ? 0x90 : 0x80;
            most = value == 0xf4 ? 0x8f : 0xbf;
        } else {
            return false;
        }
        return true;
    }
}
