package dev.vecho.services;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.parsetools.RecordParser;
import io.vertx.core.streams.ReadStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@linkplain Frame frames} from a stream of bytes, such as a {@code NetSocket}. It is a stream itself: of the same bytes, the
 * length and the header of a frame in one piece, once the header is known to be well-formed, and then the content in pieces of at
 * most {@value #PIECE_BYTES} bytes. It keeps one piece, and what else came with
 * the last read. {@link #frameHandler} hears of whole frames.
 *
 * <p>The exception handler gets a {@link FrameException} where the bytes are no frame, and where they end within one. Nothing is read
 * after it.
 *
 * <p>For the thread or event loop of the stream only.
 */
public final class FrameParser implements ReadStream<Buffer> {

    private static final int LENGTH_BYTES = 2;
    private static final int PIECE_BYTES = 16_384;

    private enum Part {
        LENGTH,
        HEADER,
        CONTENT
    }

    private final ReadStream<Buffer> from;
    private final RecordParser records;
    private final int maxHeaderBytes;
    private final long maxContentBytes;
    private @Nullable Handler<Buffer> handler;
    private @Nullable Handler<Frame> frameHandler;
    private @Nullable Handler<Void> endHandler;
    private @Nullable Handler<Throwable> exceptionHandler;

    private boolean failed;
    private Part part = Part.LENGTH;
    private int size = LENGTH_BYTES;
    private Buffer length = Buffer.buffer();
    private @Nullable FrameHeader header;
    private Buffer content = Buffer.buffer();
    private long left;

    /**
     * @param from whose handlers this parser sets
     * @param maxContentBytes of a frame; {@link #frameHandler} keeps as many in memory
     */
    public FrameParser(ReadStream<Buffer> from, int maxHeaderBytes, long maxContentBytes) {
        this.from = from;
        this.maxHeaderBytes = maxHeaderBytes;
        this.maxContentBytes = maxContentBytes;
        records = RecordParser.newFixed(LENGTH_BYTES, from);
        records.exceptionHandler(this::fail);
        records.endHandler(over -> ended());
    }

    private void record(Buffer record) {
        if (failed) {
            return;
        }
        try {
            switch (part) {
                case LENGTH -> length(whole(record));
                case HEADER -> header(whole(record));
                case CONTENT -> content(record);
            }
        } catch (FrameException e) {
            fail(e);
        }
    }

    /** What is left when the stream ends comes as a record that is too short. */
    private Buffer whole(Buffer record) throws FrameException {
        if (record.length() < size) {
            throw unfinished();
        }
        return record;
    }

    private FrameException unfinished() {
        return FrameException.unfinished(
                switch (part) {
                    case LENGTH -> "the stream ended within the length of a header";
                    case HEADER -> "the stream ended within a header";
                    case CONTENT -> "the stream ended " + left + " bytes before the end of a content";
                });
    }

    private void length(Buffer record) throws FrameException {
        int bytes = record.getUnsignedShort(0);
        if (bytes == 0 || bytes > maxHeaderBytes) {
            throw FrameException.malformed("a header must have 1 to " + maxHeaderBytes + " bytes, not " + bytes);
        }
        length = record;
        expect(Part.HEADER, bytes);
        // It has not been handed over to anybody who asked for one piece.
        records.fetch(1);
    }

    private void header(Buffer record) throws FrameException {
        FrameHeader parsed = FrameHeader.parse(record);
        if (parsed.contentLength() > maxContentBytes) {
            throw FrameException.malformed(
                    "a content must have at most " + maxContentBytes + " bytes, not " + parsed.contentLength());
        }
        header = parsed;
        left = parsed.contentLength();
        content = Buffer.buffer();
        handOver(Buffer.buffer(LENGTH_BYTES + record.length())
                .appendBuffer(length)
                .appendBuffer(record));
        expectContent(parsed);
    }

    private void content(Buffer record) throws FrameException {
        left -= record.length();
        if (frameHandler != null) {
            content.appendBuffer(record);
        }
        handOver(record);
        whole(record);
        if (header != null) {
            expectContent(header);
        }
    }

    private void expectContent(FrameHeader of) {
        if (left > 0) {
            expect(Part.CONTENT, (int) Math.min(left, PIECE_BYTES));
            return;
        }
        expect(Part.LENGTH, LENGTH_BYTES);
        if (frameHandler != null) {
            frameHandler.handle(new Frame(of, content));
        }
    }

    private void expect(Part next, int bytes) {
        part = next;
        size = bytes;
        records.fixedSizeMode(bytes);
    }

    private void handOver(Buffer piece) {
        if (handler != null) {
            handler.handle(piece);
        }
    }

    private void ended() {
        if (failed) {
            return;
        }
        if (part != Part.LENGTH) {
            fail(unfinished());
        } else if (endHandler != null) {
            endHandler.handle(null);
        }
    }

    private void fail(Throwable cause) {
        if (failed) {
            return;
        }
        failed = true;
        records.handler(null);
        if (exceptionHandler != null) {
            exceptionHandler.handle(cause);
        }
    }

    /** Hears of each frame when it is complete, in place of {@link #handler}. What is fetched are pieces even so. */
    public FrameParser frameHandler(Handler<Frame> to) {
        frameHandler = to;
        return handler(piece -> {});
    }

    @Override
    public FrameParser handler(@Nullable Handler<Buffer> to) {
        handler = to;
        if (!failed) {
            records.handler(to == null ? null : this::record);
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
        records.pause();
        // The records would pause it when more has come, and lose what is left of them if it ended before that.
        from.pause();
        return this;
    }

    @Override
    public FrameParser resume() {
        records.resume();
        return this;
    }

    @Override
    public FrameParser fetch(long amount) {
        records.fetch(amount);
        return this;
    }
}
