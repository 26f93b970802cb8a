package dev.vecho.core;

import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.Set;

/**
 * One way to carry bytes. Found by {@link java.util.ServiceLoader}: a jar on the class path that names its transport in
 * {@code META-INF/services/dev.vecho.core.Transport} is all that it takes to add one.
 *
 * <p>The life of a listener: its options are parsed and validated with those of all others ({@link #server}), then all
 * listen, later each drains and closes. Nothing is opened before everything is validated.
 *
 * <p>What its listeners' keys are it may also say in a JSON Schema of an object, the resource
 * {@code META-INF/vecho/schema/listener-NAME.json} beside its class, without {@code transport} and {@code enabled}, which all have:
 * {@code vecho config --schema} takes it into that of the service, for editors and documentation.
 */
public interface Transport {

    /** What a connection carries. The client and the contract tests branch on it, nothing else does. */
    enum Framing {
        /** A stream of bytes, in order, whose ends can be closed one by one; it keeps no message boundaries. */
        STREAM,
        /** Messages with boundaries: one comes back for one that was sent. */
        MESSAGES
    }

    /** Whether a peer hears of a connection only when something is sent on it, so that nothing can come before. Default: no. */
    default boolean beginsWithFirstByte() {
        return false;
    }

    /** The value of a listener's key {@code transport}, unique among all transports; such as {@code tcp}. */
    String name();

    /** The schemes of the targets that this transport connects to; such as {@code tcp} and {@code tls}. */
    Set<String> schemes();

    /** What its connections carry. */
    Framing framing();

    /** What the faults of its listeners act on, where it has any; by default, what its connections carry. */
    default Set<Faults.Carried> faultsOn() {
        return Set.of(Faults.Carried.of(framing()));
    }

    /**
     * Whether a connection's two directions end one by one: this side can close its output, and is told that the peer has. Streams do;
     * messages only where the transport says so.
     */
    default boolean hasEnds() {
        return framing() == Framing.STREAM;
    }

    /** The largest message in bytes, where it carries messages; meaningless for streams. */
    default int maxMessageBytes() {
        return 1 << 20;
    }

    /**
     * Why this transport cannot run here, such as a native library that is missing; empty if it can. The options of a listener are
     * read all the same, as far as that goes, to tell what else is wrong with them: what {@link #server} throws then does no harm.
     */
    default Optional<String> unavailable(Vertx vertx) {
        return Optional.empty();
    }

    /**
     * Reads and validates one listener's options, on a thread that may block. Everything that is wrong is added to
     * {@code options}; the result must not be used if anything was.
     */
    ServerTransport server(Vertx vertx, Options options);

    /**
     * The key of an object in the {@code options} of a script, for what only connections of this transport know; unique among
     * all transports. Default: its name.
     */
    default String optionsKey() {
        return name();
    }

    /**
     * Validates that object, on a thread that may block, whether or not a target of the script is reached by this transport.
     * Everything that is wrong is added to {@code own}. By default there are no such options.
     */
    default void validateOptions(Options own) {
        own.rejectUnknownKeys();
    }

    /**
     * Reads and validates a target and the options of connections to it, on a thread that may block. Everything that is
     * wrong is added to {@code options}; the result must not be used if anything was.
     *
     * @param options where a user gave them: {@code tls}; {@code family}, see {@link TestableTransport#families}; {@code options}, which has
     *     the object that {@link #optionsKey} names, and nothing else
     */
    ClientTransport client(Vertx vertx, Target target, Options options);
}
