package dev.vecho.testkit.torture;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Plays at the same time, until the time is over, and watches over them. */
final class Workers {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final int WATCH_MILLIS = 200;

    /** After so many the rest would say the same. */
    private static final int MAX_FINDINGS = 10;

    private final Play.Stage stage;
    private final List<Behaviour> behaviours;
    private final Path directory;
    private final Findings findings;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong played = new AtomicLong();
    private final AtomicLong broken = new AtomicLong();
    private final Set<Play> active = ConcurrentHashMap.newKeySet();
    private final Set<Play> seen = ConcurrentHashMap.newKeySet();
    private Took longest = new Took("", 0);

    /** How long a play took. */
    private record Took(String play, long nanos) {}

    /**
     * @param directory where evidence goes
     */
    Workers(Play.Stage stage, List<Behaviour> behaviours, Path directory, Findings findings) {
        this.stage = stage;
        this.behaviours = behaviours;
        this.directory = directory;
        this.findings = findings;
    }

    /** How many plays have ended. */
    long played() {
        return played.get();
    }

    /** How many of them ended since the service broke a connection, where faults are injected. */
    long broken() {
        return broken.get();
    }

    /** The play that took longest, and how long. */
    synchronized String longest() {
        return longest.play() + ", " + TimeUnit.NANOSECONDS.toMillis(longest.nanos()) + " ms";
    }

    private synchronized void took(Play play) {
        long nanos = play.ageNanos();
        if (nanos > longest.nanos()) {
            longest = new Took(play.toString(), nanos);
        }
    }

    /** Plays until the run's time is over. */
    void run() throws Exception {
        Settings settings = stage.settings();
        long end = System.nanoTime() + settings.duration().toNanos();
        List<Future<?>> workers = new ArrayList<>();
        if (settings.only() >= 0) {
            workers.add(stage.executor().submit(() -> play(settings.only(), settings.lenient())));
        } else {
            for (int i = 0; i < settings.workers(); i++) {
                workers.add(stage.executor().submit(() -> work(end)));
            }
        }
        watch(workers);
    }

    /** Plays each behaviour once, with something small, one after the other; nothing may break. */
    void once() throws Exception {
        List<Future<?>> worker = List.of(stage.executor().submit(() -> {
            for (int i = 0; i < behaviours.size(); i++) {
                Behaviour behaviour = behaviours.get(i);
                play(new Play(-1 - i, behaviour.name(), random(-1 - i), stage), behaviour, false);
            }
        }));
        watch(worker);
    }

    private void work(long end) {
        while (System.nanoTime() < end
                && findings.count() < MAX_FINDINGS
                && stage.service().isAlive()) {
            long number = next.getAndIncrement();
            if (number >= stage.settings().plays()) {
                return;
            }
            play(number, stage.settings().lenient());
        }
    }

    private SplittableRandom random(long number) {
        return new SplittableRandom(Payload.mix(stage.settings().seed() + number * GOLDEN));
    }

    private void play(long number, boolean lenient) {
        SplittableRandom random = random(number);
        Behaviour behaviour = behaviours.get(random.nextInt(behaviours.size()));
        play(new Play(number, behaviour.name(), random, stage), behaviour, lenient);
    }

    private void play(Play play, Behaviour behaviour, boolean lenient) {
        active.add(play);
        try {
            behaviour.play(play);
        } catch (WrongBytes e) {
            findings.add(play + ": " + e.getMessage());
        } catch (Exception | AssertionError e) {
            if (lenient) {
                broken.incrementAndGet();
            } else if (!seen.contains(play)) {
                findings.add(play + ": " + trace(e));
            }
        } finally {
            play.closeAll();
            active.remove(play);
            played.incrementAndGet();
            took(play);
        }
    }

    private static String trace(Throwable failure) {
        StringBuilder text = new StringBuilder(failure.toString());
        for (StackTraceElement element : failure.getStackTrace()) {
            if (element.getClassName().startsWith("dev.vecho")) {
                text.append(" at ").append(element.getFileName()).append(':').append(element.getLineNumber());
            }
        }
        for (Throwable also : failure.getSuppressed()) {
            text.append("; also ").append(also);
        }
        return text.toString();
    }

    private void watch(List<Future<?>> workers) throws Exception {
        while (!workers.stream().allMatch(Future::isDone)) {
            Play.pause(WATCH_MILLIS);
            for (Play play : active) {
                watch(play);
            }
        }
        for (Future<?> worker : workers) {
            worker.get();
        }
    }

    private void watch(Play play) throws Exception {
        Settings settings = stage.settings();
        boolean stalls = !settings.stall().isZero()
                && play.waitingNanos() > settings.stall().toNanos();
        boolean hangs = play.ageNanos() > settings.limit().toNanos();
        if ((stalls || hangs) && seen.add(play)) {
            Path evidence = Evidence.gather(stage.service(), directory, play.toString());
            findings.add(play + ": " + (hangs ? "does not end" : "waits for a byte") + ", see " + evidence);
        }
        if (hangs) {
            play.closeAll();
        }
    }
}
