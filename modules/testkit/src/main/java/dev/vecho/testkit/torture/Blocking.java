package dev.vecho.testkit.torture;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Waits, away from event loops, for what they do. */
final class Blocking {

    private static final int PATIENCE_SECONDS = 100;

    private Blocking() {}

    /** The result of a future; fails with an IOException where that fails, and after a limit. */
    static <T> T get(Future<T> future) throws IOException {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(e.getCause()), e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("nothing happened for " + PATIENCE_SECONDS + " s", e);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** Writes piece by piece, each when the one before was taken. */
    static OutputStream output(Function<Buffer, Future<Void>> write) {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                get(write.apply(Buffer.buffer(Arrays.copyOfRange(bytes, offset, offset + length))));
            }
        };
    }
}
