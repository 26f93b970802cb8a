package dev.vecho.faults;

import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/** The faults of a listener, which all of its connections look at, and which may change while they live. Safe for any thread. */
final class SharedFaults {

    /**
     * What is in force.
     *
     * @param since when, by {@link Clock}
     */
    private record InForce(FaultSet faults, long since) {}

    private final Set<FaultyStream> streams = ConcurrentHashMap.newKeySet();
    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong welcomes = new AtomicLong();
    private final MessageLanes messages = new MessageLanes(() -> acting(0), this::random, UnaryOperator.identity());
    private volatile InForce inForce;

    SharedFaults(FaultSet faults) {
        this.inForce = new InForce(faults, Clock.now());
    }

    FaultSet faults() {
        return inForce.faults();
    }

    /** From now on others are in force, also for the connections that are open. */
    void change(FaultSet next) {
        if (!next.equals(inForce.faults())) {
            inForce = new InForce(next, Clock.now());
            streams.forEach(FaultyStream::changed);
        }
    }

    /** What is drawn for the next connection, the same for the same seed. */
    SplittableRandom next() {
        return random(connections.getAndIncrement());
    }

    /** The same draws for a connection that is about to be served, so that all of it is done to one, or nothing. */
    SplittableRandom nextWelcome() {
        return random(welcomes.getAndIncrement());
    }

    SplittableRandom random(long number) {
        // The generator mixes seeds that are near to each other badly.
        return new SplittableRandom(new SplittableRandom(faults().seed() + number * 0x9e3779b97f4a7c15L).nextLong());
    }

    /** What is done now to a connection, or to messages; maybe nothing. */
    FaultSet acting(double drawn) {
        InForce now = inForce;
        return now.faults().acts(drawn, Clock.now() - now.since()) ? now.faults() : FaultSet.NONE;
    }

    /** How long until that may change; {@link Long#MAX_VALUE} for never. */
    long untilChange() {
        InForce now = inForce;
        return now.faults().untilChange(Clock.now() - now.since());
    }

    /** What all messages of the listener pass. */
    MessageLanes messages() {
        return messages;
    }

    void add(FaultyStream stream) {
        streams.add(stream);
    }

    void remove(FaultyStream stream) {
        streams.remove(stream);
    }
}
