package dev.vecho.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A failure of Vecho's own: it could not do its work, or not report it. A command that throws one ends with exit code 3 and its
 * message on standard error.
 *
 * <p>After some failures nothing can be relied upon: without memory, or without one of its event loops, a process would neither
 * work nor end. {@link #watch} makes that the end of the process, too.
 */
final class OwnFailure extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final String PREFIX = "vecho: ";

    /** How often it is tried whether there is memory, and how much. */
    private static final int PROBE_SECONDS = 1;

    private static final int PROBE_BYTES = 64 * 1024;

    /** Made while there is memory for them. */
    private static final byte[] OUT_OF_MEMORY = (PREFIX + "out of memory\n").getBytes(StandardCharsets.UTF_8);

    private static final String NO_PROGRESS = "the JVM does hardly anything but collect garbage (-Xmx)";

    private static final FileOutputStream ERR = new FileOutputStream(FileDescriptor.err);

    private static boolean told;

    /**
     * @param message a line for people
     */
    OwnFailure(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** One line that describes anything that was thrown. */
    static String line(Throwable thrown) {
        Throwable told = thrown;
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            told = each;
            if (each instanceof OwnFailure || each instanceof OutOfMemoryError || each instanceof IOException) {
                break;
            }
        }
        return PREFIX + reason(told).lines().findFirst().orElse("");
    }

    /** Why something failed, without the name of a class where the message alone says it. */
    static String reason(Throwable told) {
        String message = told.getMessage();
        if (message == null) {
            return told.toString();
        }
        if (told instanceof OutOfMemoryError) {
            return "out of memory: " + message;
        }
        if (told instanceof NoSuchFileException) {
            return message + ": no such file or directory";
        }
        if (told instanceof AccessDeniedException) {
            return message + ": permission denied";
        }
        return told instanceof OwnFailure || told instanceof IOException ? message : told.toString();
    }

    /** Why a file could not be written, without its name. */
    static String reasonWithoutFile(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such directory";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        String reason = failure instanceof FileSystemException known ? known.getReason() : failure.getMessage();
        return reason == null ? failure.toString() : reason;
    }

    /** Ends the process when it is out of memory, and when a thread dies of an error; of an exception, it is told. */
    static void watch() {
        try {
            // Else halt loads it, which fails where there is no memory, and the process would go on for ever.
            Class.forName("java.lang.Shutdown");
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("this JDK ends in another way", e);
        }
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
            if (thrown instanceof Error) {
                end(thrown);
            } else {
                System.err.println(line(thrown));
            }
        });
        Thread probe = new Thread(OwnFailure::probe, "vecho-memory");
        probe.setDaemon(true);
        probe.start();
    }

    /**
     * Whoever has caught the error may not have reported it. And with some collectors memory never runs out completely,
     * although too little is left to work with.
     */
    private static void probe() {
        CountDownLatch never = new CountDownLatch(1);
        @Nullable GcOverhead overhead = null;
        long found = 0;
        while (true) {
            try {
                if (never.await(PROBE_SECONDS, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("ended after " + found);
                }
                if (overhead == null) {
                    // Not before: a check that is over within a second should not load what this needs.
                    overhead = new GcOverhead();
                }
                if (overhead.isTooMuch()) {
                    throw new OutOfMemoryError(NO_PROGRESS);
                }
                found += new byte[PROBE_BYTES].length;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (Throwable e) {
                endIfPossible(e);
            }
        }
    }

    private static void endIfPossible(Throwable thrown) {
        try {
            end(thrown);
        } catch (Throwable again) {
            // There is no memory even for that; the next probe tries again.
        }
    }

    /** Finds the lack of memory that something was thrown for; null where it was for something else. */
    static @Nullable OutOfMemoryError outOfMemory(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            if (each instanceof OutOfMemoryError found) {
                return found;
            }
        }
        return null;
    }

    /** Whether it is the memory of buffers that is used up, and not the heap, or what else the JVM itself needs. */
    static boolean isOfBuffers(OutOfMemoryError lack) {
        String message = lack.getMessage();
        return message != null && message.contains("direct");
    }

    /** Ends the process now, with one line. What it needs first of all is not allocated: there may be no memory for it. */
    static synchronized void end(Throwable thrown) {
        try {
            if (!told) {
                told = true;
                ERR.write(bytes(thrown));
            }
        } catch (Throwable e) {
            // Nobody reads it, or there is no memory even for that.
        } finally {
            Runtime.getRuntime().halt(Main.OWN_FAILURE);
        }
    }

    private static byte[] bytes(Throwable thrown) {
        try {
            return (line(thrown) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (Throwable e) {
            // A lack of memory may appear as any other failure, such as a class that cannot be loaded.
            return OUT_OF_MEMORY;
        }
    }
}
