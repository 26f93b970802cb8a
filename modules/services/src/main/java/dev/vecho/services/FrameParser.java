package dev.vecho.services;

import dev.vecho.core.ReadQueue;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@linkplain Frame frames} from a stream of bytes, such as a {@code NetSocket}. It is a stream itself: of the same bytes, the
 * length and the header of a frame in one piece, once the header is known to be well-formed, and then the content in pieces as it
 * comes. It keeps the beginning of a header, and what else came with the last read. {@link #frameHandler} hears of whole frames.
 *
 * <p>The exception handler gets a {@link FrameException} where the bytes are no frame, and where they end within one, after what came
 * before. Nothing is read after it.
 *
 * <p>For the thread or event loop of the stream only.
 */
public final class FrameParser implements ReadStream<Buffer> {

    private static final int LENGTH_BYTES = 2;

    /**
     * A part of a frame.
     *
     * @param header where the frame begins with it; null for a part of the content
     * @param last whether the frame ends with it
     */
    private record Piece(Buffer bytes, @Nullable FrameHeader header, boolean last) {}

    private final ReadStream<Buffer> from;
    private final int maxHeaderBytes;
    private final long maxContentBytes;
    private final ReadQueue<Piece> pieces = new ReadQueue<>(Runnable::run, Runnable::run, this::readOrNot);
    private @Nullable Handler<Frame> frameHandler;
    private @Nullable Handler<Void> endHandler;
    private @Nullable Handler<Throwable> exceptionHandler;
    private @Nullable FrameException wrong;
    private boolean paused;

    /** What has come of a length and a header. */
    private Buffer head = Buffer.buffer();

    /** How much of a content is still to come. */
    private long left;

    private @Nullable FrameHeader header;
    private Buffer content = Buffer.buffer();

    /**
     * @param from whose handlers this parser sets
     * @param maxContentBytes of a frame; {@link #frameHandler} keeps as many in memory
     */
    public FrameParser(ReadStream<Buffer> from, int maxHeaderBytes, long maxContentBytes) {
        this.from = from;
        this.maxHeaderBytes = maxHeaderBytes;
        this.maxContentBytes = maxContentBytes;
        pieces.endHandler(over -> tellEnd());
    }

    private void came(Buffer bytes) {
        try {
            int at = 0;
            while (at < bytes.length() && wrong == null) {
                at = left > 0 ? content(bytes, at) : head(bytes, at);
            }
        } catch (FrameException e) {
            end(e);
        }
    }

    private int content(Buffer bytes, int at) {
        int end = (int) Math.min(at + left, bytes.length());
        left -= end - at;
        pieces.add(new Piece(bytes.slice(at, end), null, left == 0));
        return end;
    }

    private int head(Buffer bytes, int at) throws FrameException {
        int end = Math.min(at + headBytes() - head.length(), bytes.length());
        head.appendBuffer(bytes, at, end - at);
        if (head.length() == LENGTH_BYTES) {
            checkLength(head.getUnsignedShort(0));
        } else if (head.length() == headBytes()) {
            Buffer whole = head;
            head = Buffer.buffer();
            FrameHeader parsed = FrameHeader.parse(whole.slice(LENGTH_BYTES, whole.length()));
            if (parsed.contentLength() > maxContentBytes) {
                throw FrameException.malformed(
                        "a content must have at most " + maxContentBytes + " bytes, not " + parsed.contentLength());
            }
            left = parsed.contentLength();
            pieces.add(new Piece(whole, parsed, left == 0));
        }
        return end;
    }

    private int headBytes() {
        return LENGTH_BYTES + (head.length() < LENGTH_BYTES ? 0 : head.getUnsignedShort(0));
    }

    private void checkLength(int bytes) throws FrameException {
        if (bytes == 0 || bytes > maxHeaderBytes) {
            throw FrameException.malformed("a header must have 1 to " + maxHeaderBytes + " bytes, not " + bytes);
        }
    }

    private void ended() {
        if (wrong != null) {
            return;
        }
        if (left > 0) {
            end(FrameException.unfinished("the stream ended " + left + " bytes before the end of a content"));
        } else if (head.length() == 0) {
            pieces.end();
        } else {
            String within = head.length() < LENGTH_BYTES ? "the length of a header" : "a header";
            end(FrameException.unfinished("the stream ended within " + within));
        }
    }

    private void end(FrameException cause) {
        wrong = cause;
        pieces.end();
    }

    private void tellEnd() {
        if (wrong != null) {
            tell(wrong);
        } else if (endHandler != null) {
            endHandler.handle(null);
        }
    }

    private void tell(Throwable cause) {
        if (exceptionHandler != null) {
            exceptionHandler.handle(cause);
        }
    }

    private void readOrNot() {
        boolean wait = !pieces.isWanted();
        if (wait != paused && wrong == null) {
            paused = wait;
            if (wait) {
                from.pause();
            } else {
                from.resume();
            }
        }
    }

    private void handOver(Piece piece, Handler<Buffer> to) {
        FrameHeader of = piece.header() == null ? header : piece.header();
        header = of;
        to.handle(piece.bytes());
        if (frameHandler == null || of == null) {
            return;
        }
        if (piece.header() == null) {
            content.appendBuffer(piece.bytes());
        }
        if (piece.last()) {
            Frame frame = new Frame(of, content);
            content = Buffer.buffer();
            frameHandler.handle(frame);
        }
    }

    /** Hears of each frame when it is complete, in place of {@link #handler}. What is fetched are pieces even so. */
    public FrameParser frameHandler(Handler<Frame> to) {
        frameHandler = to;
        return handler(piece -> {});
    }

    @Override
    public FrameParser handler(@Nullable Handler<Buffer> to) {
        pieces.handler(to == null ? null : piece -> handOver(piece, to));
        if (to != null && wrong == null) {
            from.exceptionHandler(this::tell);
            from.endHandler(over -> ended());
            from.handler(this::came);
        }
        return this;
    }

    @Override
    public FrameParser exceptionHandler(@Nullable Handler<Throwable> to) {
        exceptionHandler = to;
        return this;
    }

    @Override
    public FrameParser endHandler(@Nullable Handler<Void> to) {
        endHandler = to;
        return this;
    }

    @Override
    public FrameParser pause() {
        pieces.pause();
        return this;
    }

    @Override
    public FrameParser resume() {
        pieces.fetch(Long.MAX_VALUE);
        return this;
    }

    @Override
    public FrameParser fetch(long amount) {
        pieces.fetch(amount);
        return this;
    }
}
