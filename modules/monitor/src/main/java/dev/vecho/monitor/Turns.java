package dev.vecho.monitor;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Queue;

/** Lets so many things be done at the same time; one more waits for its turn. Used on one event loop. */
final class Turns {

    private static final int MOST = 10_000;
    private static final int LEAST = 16;

    private final int most;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int taken;
    private boolean running;

    Turns(int most) {
        this.most = most;
    }

    /** As many as half of the files that this process may have open: a round that found none left would blame its target. */
    static Turns ofThisProcess() {
        long files = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? system.getMaxFileDescriptorCount()
                : 2L * MOST;
        return new Turns((int) Math.max(LEAST, Math.min(MOST, files / 2)));
    }

    /** Runs it now or when its turn comes; it gives its turn {@link #back}, once. */
    void take(Runnable task) {
        waiting.add(task);
        next();
    }

    void back() {
        taken--;
        next();
    }

    /** A task may give its turn back before it returns; that many do must not take as deep a stack. */
    private void next() {
        if (running) {
            return;
        }
        running = true;
        try {
            while (taken < most && !waiting.isEmpty()) {
                taken++;
                waiting.remove().run();
            }
        } finally {
            running = false;
        }
    }
}
