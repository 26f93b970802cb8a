package dev.vecho.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The compression of WebSocket messages, permessage-deflate: RFC 7692. What comes in may refer to messages before it,
 * what goes out never does, so that a connection keeps one window and not two. Bytes are handed on as they come, a
 * bounded number at a time.
 */
final class WebSocketDeflate {

    private static final int PIECE = 16 * 1024;

    /** What ends a message and is left out on the way: section 7.2.1. */
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};

    private final Inflater inflater = new Inflater(true);
    private final byte[] piece = new byte[PIECE];
    private @Nullable Deflater deflater;

    /** Answers the first offer that can be kept, or null. */
    static @Nullable String negotiate(List<String> offers) {
        for (String offer : offers) {
            String answer = answer(offer);
            if (answer != null) {
                return answer;
            }
        }
        return null;
    }

    private static @Nullable String answer(String offer) {
        String[] parts = offer.split(";", -1);
        if (!parts[0].strip().equalsIgnoreCase("permessage-deflate")) {
            return null;
        }
        StringBuilder answer = new StringBuilder("permessage-deflate; server_no_context_takeover");
        java.util.Set<String> seen = new java.util.HashSet<>();
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].strip().split("=", 2);
            String name = pair[0].strip().toLowerCase(Locale.ROOT);
            String value = pair.length < 2 ? null : unquoted(pair[1].strip());
            boolean known = switch (name) {
                case "server_no_context_takeover", "client_no_context_takeover" -> value == null;
                // Java has no smaller window than the largest.
                case "server_max_window_bits" -> "15".equals(value);
                case "client_max_window_bits" -> value == null || value.matches("[89]|1[0-5]");
                default -> false;
            };
            if (!known || !seen.add(name)) {
                return null;
            }
            if (name.equals("server_max_window_bits")) {
                answer.append("; server_max_window_bits=15");
            } else if (name.equals("client_no_context_takeover")) {
                answer.append("; client_no_context_takeover");
            }
        }
        return answer.toString();
    }

    private static String unquoted(String value) {
        return value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")
                ? value.substring(1, value.length() - 1)
                : value;
    }

    /** Receives bytes that were decompressed; returns whether it wants more. */
    interface Sink {
        boolean accept(byte[] bytes, int length);
    }

    /**
     * Decompresses a part of a message.
     *
     * @param last whether the message ends with it
     * @throws DataFormatException if it is not what it should be
     */
    void inflate(ByteBuf bytes, boolean last, Sink sink) throws DataFormatException {
        byte[] input = new byte[Math.min(PIECE, bytes.readableBytes())];
        while (bytes.isReadable()) {
            int count = Math.min(input.length, bytes.readableBytes());
            bytes.readBytes(input, 0, count);
            if (!inflate(input, count, sink)) {
                return;
            }
        }
        if (last && inflate(TAIL, TAIL.length, sink) && inflater.finished()) {
            // A message may end with a final block; the next one begins anew.
            inflater.reset();
        }
    }

    private boolean inflate(byte[] input, int length, Sink sink) throws DataFormatException {
        if (inflater.finished()) {
            // Nothing but the tail can follow a final block.
            return true;
        }
        inflater.setInput(input, 0, length);
        int count;
        while ((count = inflater.inflate(piece)) > 0) {
            if (!sink.accept(piece, count)) {
                return false;
            }
        }
        if (inflater.needsDictionary()) {
            throw new DataFormatException("a dictionary that nobody has agreed upon");
        }
        return true;
    }

    /** Compresses a part of a message; hands on what is ready, maybe nothing. */
    void deflate(ByteBufAllocator allocator, byte[] bytes, int length, Consumer<ByteBuf> sink) {
        Deflater running = deflater();
        running.setInput(bytes, 0, length);
        ByteBuf out = allocator.buffer(length / 2 + 64);
        drain(running, out, Deflater.NO_FLUSH);
        if (out.isReadable()) {
            sink.accept(out);
        } else {
            out.release();
        }
    }

    /** Ends a message. */
    ByteBuf finish(ByteBufAllocator allocator) {
        Deflater running = deflater();
        ByteBuf out = allocator.buffer(256);
        drain(running, out, Deflater.SYNC_FLUSH);
        out.writerIndex(out.writerIndex() - TAIL.length);
        running.end();
        deflater = null;
        return out;
    }

    private static void drain(Deflater deflater, ByteBuf out, int flush) {
        byte[] block = new byte[PIECE];
        int count;
        do {
            count = deflater.deflate(block, 0, block.length, flush);
            out.writeBytes(block, 0, count);
        } while (count == block.length);
    }

    private Deflater deflater() {
        if (deflater == null) {
            deflater = new Deflater(Deflater.BEST_SPEED, true);
        }
        return deflater;
    }

    /** Frees what it holds outside of the heap. */
    void close() {
        inflater.end();
        if (deflater != null) {
            deflater.end();
            deflater = null;
        }
    }
}
