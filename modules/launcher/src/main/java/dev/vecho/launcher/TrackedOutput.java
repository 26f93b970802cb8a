package dev.vecho.launcher;

import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Remembers why something could not be written, which a {@link java.io.PrintWriter} does not, and swallows all that comes after
 * it. Used by one thread at a time; what it remembers is for any thread.
 */
final class TrackedOutput extends OutputStream {

    private final OutputStream out;
    private final Consumer<IOException> failed;
    private volatile @Nullable IOException failure;

    /**
     * @param out closed with this
     * @param failed called once, by the thread that writes, when something cannot be written
     */
    TrackedOutput(OutputStream out, Consumer<IOException> failed) {
        this.out = out;
        this.failed = failed;
    }

    private interface Action {
        void run() throws IOException;
    }

    private void attempt(Action action) {
        if (failure != null) {
            return;
        }
        try {
            action.run();
        } catch (IOException e) {
            failure = e;
            failed.accept(e);
        }
    }

    @Override
    public void write(int value) {
        attempt(() -> out.write(value));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        attempt(() -> out.write(bytes, offset, length));
    }

    @Override
    public void flush() {
        attempt(out::flush);
    }

    @Override
    public void close() {
        attempt(out::close);
    }

    /** Why something could not be written; null if nothing. */
    @Nullable IOException failure() {
        return failure;
    }
}
