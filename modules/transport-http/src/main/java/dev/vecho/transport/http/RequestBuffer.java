package dev.vecho.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what a client sends while that client reads nothing: many send a whole request before they read the response, and
 * would wait for ever for an echo that stops reading when nobody takes what it writes.
 *
 * <p>It exists from the moment at which the echo stops reading, and does nothing until no byte of the response was taken for
 * some time. Then it has the input read again and keeps it, in memory and then in a file, in front of the echo, which sees it
 * as soon as the client reads. A client that does so must get everything that is kept before any more of its input is read.
 *
 * <p>Used on the event loop of its connection only. Files are used by other threads, one action of a buffer at a time.
 */
final class RequestBuffer {

    /** What a buffer needs of the echo behind it. */
    interface Echo {

        /** Takes a message or an event that was kept, and flushes its echo. */
        void take(Object message);

        /** Whether too much of the echo waits for the client. */
        boolean isFull();

        /** How much waits; any change says that the client has read. */
        long waiting();

        /** Whether a request has begun and not ended. */
        boolean isWithinRequest();

        /** Reads the client's input, or does not. */
        void read(boolean on);

        /** Whether the input is held back until the client reads, for nothing more can be kept. */
        void heldBack(boolean yes);

        /** The buffer has done its work: input is read again as long as the echo is not full. */
        void over();

        /** Breaks the request off. */
        void abort(String why);
    }

    /** Longer than the network takes to send again what was lost, so that it is no sign of a client that does not read. */
    static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** When to look again whether the other buffers left some space. */
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final int CHUNK = 64 * 1024;

    /** So much may come while chunks are written. */
    private static final int CHUNKS_AHEAD = 1;

    private final EventExecutor loop;
    private final BufferSpace space;
    private final Echo echo;
    private final long timeoutNanos;

    /** What is not in the file: chunks, and messages between and behind them. What the file has comes before. */
    private final Deque<Object> queue = new ArrayDeque<>();

    private int chunks;

    private @Nullable FileChannel file;
    private long fileStart;
    private long fileEnd;
    private boolean fileFailed;
    private @Nullable ByteBuf fromFile;

    /** While another thread reads or writes the file. */
    private boolean busy;

    private boolean holding;
    private boolean growing;
    private boolean heldBack;
    private boolean giving;
    private boolean released;
    private long lastMoved = System.nanoTime();
    private long lastWaiting;
    private Future<?> check;

    /** Makes it for an echo that has just stopped reading. */
    RequestBuffer(EventExecutor loop, BufferSpace space, Echo echo) {
        this.loop = loop;
        this.space = space;
        this.echo = echo;
        long timeout = space.options().stall().toNanos();
        this.timeoutNanos = timeout == 0 ? Long.MAX_VALUE : timeout;
        this.lastWaiting = echo.waiting();
        this.check = checkIn(STALL_NANOS);
    }

    /** Whether it keeps anything, which the echo has not seen. */
    boolean isHolding() {
        return holding;
    }

    /** Whether the end of a request is in it. */
    boolean hasEnd() {
        return queue.stream().anyMatch(LastHttpContent.class::isInstance);
    }

    /** Takes a message or an event, and its reference, if it must wait for others; else it is the echo's. */
    boolean takes(Object message) {
        if (!holding) {
            return false;
        }
        if (message instanceof HttpContent content
                && !(message instanceof HttpRequest)
                && content.decoderResult().isSuccess()) {
            append(content.content());
            if (message instanceof LastHttpContent) {
                queue.add(LastHttpContent.EMPTY_LAST_CONTENT);
            }
            content.release();
        } else {
            queue.add(message);
        }
        grow();
        return true;
    }

    /** Copies bytes: a buffer that came from the network may be much larger than what is in it. */
    private void append(ByteBuf bytes) {
        while (bytes.isReadable()) {
            if (!(queue.peekLast() instanceof ByteBuf last) || !last.isWritable()) {
                queue.add(PooledByteBufAllocator.DEFAULT.directBuffer(CHUNK, CHUNK));
                chunks++;
                space.memory(CHUNK);
            } else {
                last.writeBytes(bytes, Math.min(bytes.readableBytes(), last.writableBytes()));
            }
        }
    }

    /** Reads on while there is room. */
    private void grow() {
        if (!growing) {
            return;
        }
        writeFile();
        boolean ended = !queue.isEmpty() && !(queue.peekLast() instanceof ByteBuf);
        boolean room = hasRoom();
        boolean behind = busy && chunks > space.options().memoryBytes() / CHUNK + CHUNKS_AHEAD;
        heldBack(!ended && !room);
        echo.read(!ended && room && !behind);
        growing = room;
    }

    private boolean hasRoom() {
        long inMemory = (long) chunks * CHUNK;
        return fileEnd + inMemory < space.options().maxBytes()
                && space.hasRoomFor(this)
                && !(fileFailed && inMemory >= Math.max(CHUNK, space.options().memoryBytes()));
    }

    private void heldBack(boolean yes) {
        if (heldBack != yes) {
            heldBack = yes;
            echo.heldBack(yes);
        }
    }

    /** The client may have read. */
    void roomChanged() {
        if (released || echo.isFull()) {
            return;
        }
        lastMoved = System.nanoTime();
        if (holding) {
            growing = false;
            echo.read(false);
            give();
        }
    }

    /** Hands on what the client has room for. */
    private void give() {
        if (giving) {
            return;
        }
        giving = true;
        boolean gave = false;
        while (!released && !echo.isFull()) {
            Object next = next();
            if (next == null) {
                break;
            }
            gave = true;
            echo.take(next);
        }
        giving = false;
        if (released) {
            return;
        }
        if (gave) {
            lastMoved = System.nanoTime();
            lastWaiting = echo.waiting();
        }
        if (isEmpty()) {
            release();
            echo.over();
        } else if (!growing && echo.isFull()) {
            check.cancel(false);
            check = checkIn(STALL_NANOS);
        }
    }

    private boolean isEmpty() {
        return !busy && fromFile == null && fileStart == fileEnd && queue.isEmpty();
    }

    private @Nullable Object next() {
        ByteBuf bytes = fromFile;
        if (bytes != null) {
            fromFile = null;
        } else if (busy || fileStart < fileEnd) {
            readFile();
            return null;
        } else if (queue.peek() instanceof ByteBuf chunk) {
            queue.remove();
            chunks--;
            bytes = chunk;
        } else {
            return queue.poll();
        }
        space.memory(-CHUNK);
        return new DefaultHttpContent(bytes);
    }

    private Future<?> checkIn(long nanos) {
        return loop.schedule(this::check, Math.max(1, nanos), TimeUnit.NANOSECONDS);
    }

    private void check() {
        if (released) {
            return;
        }
        boolean full = echo.isFull();
        if (!holding && (!full || !echo.isWithinRequest())) {
            release();
            echo.over();
            return;
        }
        long now = System.nanoTime();
        long waiting = echo.waiting();
        if (!full || waiting != lastWaiting) {
            lastWaiting = waiting;
            lastMoved = now;
            check = checkIn(growing ? Math.min(timeoutNanos, RETRY_NANOS) : STALL_NANOS);
            return;
        }
        long stalled = now - lastMoved;
        if (stalled >= timeoutNanos) {
            echo.abort("no byte of the response was read for "
                    + space.options().stall().toMillis() + " ms, "
                    + (heldBack ? "and no more of the request can be kept" : "and the request is kept"));
            return;
        }
        if (stalled >= STALL_NANOS) {
            holding |= space.options().maxBytes() > 0;
            growing = holding;
            if (holding) {
                grow();
            } else {
                heldBack(true);
            }
        }
        long left = timeoutNanos - stalled;
        check = checkIn(stalled < STALL_NANOS ? STALL_NANOS - stalled : growing ? left : Math.min(left, RETRY_NANOS));
    }

    /** Has what is beyond the memory of one request written, if there is a chunk that is full. */
    private void writeFile() {
        boolean fits = (long) chunks * CHUNK <= space.options().memoryBytes() && !space.isMemoryFull();
        if (busy || fileFailed || fits) {
            return;
        }
        List<ByteBuf> full = new ArrayList<>(CHUNKS_AHEAD);
        for (Object each : queue) {
            if (!(each instanceof ByteBuf chunk) || chunk.isWritable() || full.size() == CHUNKS_AHEAD) {
                break;
            }
            full.add(chunk);
        }
        if (full.isEmpty()) {
            return;
        }
        busy = true;
        FileChannel opened = file;
        long position = fileEnd;
        BufferSpace.run(
                () -> write(opened == null ? space.open() : opened, full, position),
                loop,
                (written, failure) -> written(full, written, failure));
    }

    private static FileChannel write(FileChannel file, List<ByteBuf> chunks, long start) throws IOException {
        try {
            long position = start;
            for (ByteBuf chunk : chunks) {
                int from = chunk.readerIndex();
                while (from < chunk.writerIndex()) {
                    int count = chunk.getBytes(from, file, position, chunk.writerIndex() - from);
                    from += count;
                    position += count;
                }
            }
            return file;
        } catch (IOException | RuntimeException e) {
            if (start == 0) {
                file.close();
            }
            throw e;
        }
    }

    private void written(List<ByteBuf> full, @Nullable FileChannel written, @Nullable Throwable failure) {
        busy = false;
        if (written == null) {
            // What is in memory is still there, and what is in the file.
            fileFailed = true;
            if (fileEnd == 0) {
                file = null;
            }
            space.failed(failure == null ? new IOException("nothing was written") : failure);
        } else {
            space.written();
            file = written;
            for (ByteBuf chunk : full) {
                queue.remove();
                chunks--;
                fileEnd += chunk.readableBytes();
                space.files(chunk.readableBytes());
                space.memory(-CHUNK);
                chunk.release();
            }
        }
        if (released) {
            clear();
        } else if (echo.isFull()) {
            grow();
        } else {
            give();
        }
    }

    private void readFile() {
        FileChannel opened = file;
        if (busy || opened == null) {
            return;
        }
        busy = true;
        int count = (int) Math.min(CHUNK, fileEnd - fileStart);
        long position = fileStart;
        ByteBuf chunk = PooledByteBufAllocator.DEFAULT.directBuffer(CHUNK, CHUNK);
        space.memory(CHUNK);
        BufferSpace.run(
                () -> read(opened, chunk, position, count), loop, (read, failure) -> read(chunk, count, failure));
    }

    private static int read(FileChannel file, ByteBuf chunk, long start, int count) throws IOException {
        while (chunk.writerIndex() < count) {
            int read = chunk.writeBytes(file, start + chunk.writerIndex(), count - chunk.writerIndex());
            if (read < 0) {
                throw new EOFException("a temporary file was shortened");
            }
        }
        return count;
    }

    private void read(ByteBuf chunk, int count, @Nullable Throwable failure) {
        busy = false;
        if (failure != null || released) {
            space.memory(-CHUNK);
            chunk.release();
        }
        if (released) {
            clear();
        } else if (failure != null) {
            echo.abort("a temporary file cannot be read: " + failure);
        } else {
            fileStart += count;
            fromFile = chunk;
            give();
        }
    }

    /** Frees everything; the request has ended, one way or another. May be called twice. */
    void release() {
        if (!released) {
            released = true;
            holding = false;
            check.cancel(false);
            heldBack(false);
            if (!busy) {
                clear();
            }
        }
    }

    private void clear() {
        space.leave(this);
        for (Object each : queue) {
            ReferenceCountUtil.release(each);
        }
        queue.clear();
        if (fromFile != null) {
            fromFile.release();
            chunks++;
            fromFile = null;
        }
        space.memory(-(long) chunks * CHUNK);
        chunks = 0;
        FileChannel opened = file;
        long bytes = fileEnd;
        if (opened != null) {
            file = null;
            BufferSpace.run(() -> close(opened), loop, (closed, failure) -> space.files(-bytes));
        }
    }

    private static boolean close(FileChannel file) throws IOException {
        file.close();
        return true;
    }
}
