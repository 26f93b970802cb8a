package dev.vecho.transport.http;

import dev.vecho.net.NettyInternals;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the {@link RequestBuffer}s of one listener take together, and the threads that use their files. Any thread. */
final class BufferSpace {

    private static final Logger LOG = LoggerFactory.getLogger(BufferSpace.class);

    /** The most that is kept in memory for all requests of a listener. */
    private static final long MEMORY = NettyInternals.maxDirectMemory() / 8;

    /** A disk gets no faster by more. */
    private static final int THREADS = 4;

    /** Has threads only while a file is in use, and one action at most for each request. */
    private static final Executor WORKERS = workers();

    private final AtomicLong memory = new AtomicLong();
    private final AtomicLong files = new AtomicLong();
    private final AtomicReference<@Nullable RequestBuffer> favoured = new AtomicReference<>();
    private final AtomicBoolean failing = new AtomicBoolean();
    private volatile RequestBufferOptions options;

    BufferSpace(RequestBufferOptions options) {
        this.options = options;
    }

    RequestBufferOptions options() {
        return options;
    }

    /** From now on others hold, for the requests that are under way too. */
    void change(RequestBufferOptions next) {
        options = next;
    }

    /** Notes that memory was taken, or given back where the number is negative. */
    void memory(long bytes) {
        memory.addAndGet(bytes);
    }

    /** The same for files. */
    void files(long bytes) {
        files.addAndGet(bytes);
    }

    /** What is kept now, in memory and files. */
    long bytes() {
        return memory.get() + files.get();
    }

    /**
     * Whether somebody may take more. The last of the space is for one at a time, so that never all of them have only a
     * part of what they need to go on.
     */
    boolean hasRoomFor(RequestBuffer buffer) {
        long bytes = bytes();
        if (bytes >= options.totalBytes() || isMemoryFull()) {
            return false;
        }
        return bytes < options.totalBytes() - options.maxBytes()
                || favoured.get() == buffer
                || favoured.compareAndSet(null, buffer);
    }

    boolean isMemoryFull() {
        return memory.get() >= MEMORY;
    }

    /** A buffer takes nothing any more. */
    void leave(RequestBuffer buffer) {
        favoured.compareAndSet(buffer, null);
    }

    /** Runs what may block, and then, on an event loop, what follows from it; exactly one of its arguments is null. */
    static <T> void run(Callable<T> action, EventExecutor loop, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        WORKERS.execute(() -> {
            Runnable after;
            try {
                T done = action.call();
                after = () -> then.accept(done, null);
            } catch (Exception e) {
                after = () -> then.accept(null, e);
            }
            try {
                loop.execute(after);
            } catch (RejectedExecutionException e) {
                // The event loop has ended: nobody is in the way.
                after.run();
            }
        });
    }

    private static Executor workers() {
        ThreadPoolExecutor workers = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory("vecho-request-buffer", true));
        workers.allowCoreThreadTimeOut(true);
        return workers;
    }

    /** Opens a new file that vanishes when it is closed; where the system can, it has no name any more from now on. */
    FileChannel open() throws IOException {
        Path path = Files.createTempFile(options.directory(), "vecho-request-", ".tmp");
        try {
            return FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    /** A file could not be written: told once, until one can be written again. */
    void failed(Throwable cause) {
        if (!failing.getAndSet(true)) {
            LOG.warn(
                    "a request cannot be buffered in {}: {}; clients that read only after sending are held back",
                    options.directory(),
                    cause.toString());
        }
    }

    void written() {
        if (failing.get()) {
            failing.set(false);
        }
    }
}
