package dev.vecho.testkit.torture;

import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** One use of a {@link Behaviour}. Its number and the seed of the run decide all that it does. */
final class Play {

    private final long number;
    private final String name;
    private final SplittableRandom random;
    private final Stage stage;
    private final long began = System.nanoTime();
    private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
    private final Set<Wait> waits = ConcurrentHashMap.newKeySet();
    private volatile boolean given;

    /**
     * What all plays of a run share.
     *
     * @param service is played against
     * @param ledger where they write what they have done
     * @param executor runs what a play does beside
     * @param vertx for clients that need one
     * @param dial where they connect to
     */
    record Stage(Settings settings, Service service, Ledger ledger, ExecutorService executor, Vertx vertx, Dial dial) {}

    /** A read that may wait for the service. */
    final class Wait {

        private volatile long since;

        /** Begins to wait; false again with {@link #over}. */
        void begin() {
            since = System.nanoTime();
        }

        /** What was waited for has come. */
        void over() {
            stage.service.longestWait().accumulateAndGet(System.nanoTime() - since, Math::max);
            since = 0;
        }
    }

    Play(long number, String name, SplittableRandom random, Stage stage) {
        this.number = number;
        this.name = name;
        this.random = random;
        this.stage = stage;
    }

    SplittableRandom random() {
        return random;
    }

    Stage stage() {
        return stage;
    }

    Dial dial() {
        return stage.dial();
    }

    Ledger.Account account(String listener) {
        return stage.ledger().of(listener);
    }

    /** Other bytes for each stream of each play. */
    Payload payload() {
        return new Payload(random.nextLong());
    }

    /** Any manner of using a stream, as large as the run allows. */
    Manner manner() {
        return manner(stage.settings().largest());
    }

    /** Any manner of using a stream, with a size up to a limit. */
    Manner manner(long largest) {
        return Manner.any(random, Math.min(largest, stage.settings().largest()));
    }

    /** Has something closed at the end of the play, or when it takes too long. */
    <T extends AutoCloseable> T keep(T closeable) {
        open.add(closeable);
        if (given) {
            close(closeable);
        }
        return closeable;
    }

    /** Runs something at the same time; await it with {@link #await}. */
    Future<?> beside(Task task) {
        return stage.executor().submit(() -> {
            task.run();
            return null;
        });
    }

    /** Waits for all, and fails with the first failure among them. */
    void await(List<Future<?>> tasks) throws Exception {
        List<Throwable> failures = new ArrayList<>();
        for (Future<?> task : tasks) {
            try {
                task.get(stage.settings().limit().toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException e) {
                failures.add(e.getCause());
            } catch (TimeoutException e) {
                failures.add(e);
            }
        }
        for (Throwable failure : failures) {
            if (failure instanceof WrongBytes wrong) {
                throw wrong;
            }
        }
        if (!failures.isEmpty() && failures.get(0) instanceof Exception first) {
            throw first;
        }
        if (!failures.isEmpty()) {
            throw new IllegalStateException(failures.get(0));
        }
    }

    /** Notes how long a client waits; to be removed with {@link #done}. */
    Wait waiting() {
        Wait wait = new Wait();
        waits.add(wait);
        return wait;
    }

    void done(Wait wait) {
        waits.remove(wait);
    }

    /** How long the one that waits longest has been waiting for a byte, in nanoseconds. */
    long waitingNanos() {
        long now = System.nanoTime();
        return waits.stream()
                .mapToLong(wait -> wait.since)
                .filter(since -> since != 0)
                .map(since -> now - since)
                .max()
                .orElse(0);
    }

    long ageNanos() {
        return System.nanoTime() - began;
    }

    /** Does nothing for a while, as clients do. */
    static void pause(int millis) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Closes all that is open. */
    void closeAll() {
        given = true;
        open.forEach(Play::close);
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            System.getLogger(Play.class.getName()).log(System.Logger.Level.DEBUG, "it was closed already", e);
        }
    }

    @Override
    public String toString() {
        return "play " + number + " (" + name + ")";
    }
}
