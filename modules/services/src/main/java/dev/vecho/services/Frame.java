package dev.vecho.services;

import io.vertx.core.buffer.Buffer;
import java.nio.ByteOrder;

/**
 * A message of the protocol that the socket tutorial ends with: the length of a header in two bytes, the higher first; the header, in
 * JSON; the content, as long as the header says.
 */
public record Frame(FrameHeader header, Buffer content) {

    static final int MAX_HEADER_BYTES = 0xFFFF;

    /** A frame in the byte order of this machine. */
    public static Frame of(String contentType, String contentEncoding, Buffer content) {
        String byteOrder = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? "big" : "little";
        return new Frame(new FrameHeader(byteOrder, contentType, contentEncoding, content.length()), content);
    }

    /**
     * The frame as bytes.
     *
     * @throws IllegalArgumentException if the header is too long for its length, or says another one than the content has
     */
    public Buffer encode() {
        Buffer json = header.encode();
        if (json.length() > MAX_HEADER_BYTES || header.contentLength() != content.length()) {
            throw new IllegalArgumentException("a header of " + json.length() + " bytes, which says "
                    + header.contentLength() + " of the " + content.length() + " bytes of content");
        }
        return Buffer.buffer(2 + json.length() + content.length())
                .appendUnsignedShort(json.length())
                .appendBuffer(json)
                .appendBuffer(content);
    }
}
