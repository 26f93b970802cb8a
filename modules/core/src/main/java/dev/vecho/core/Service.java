package dev.vecho.core;

import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/**
 * What a listener does with what comes, in place of the echo. Found by {@link java.util.ServiceLoader}: a jar on the class path
 * that names its service in {@code META-INF/services/dev.vecho.core.Service} is all that it takes to add one, and
 * {@code "service": "NAME"} or <code>"service": { "NAME": { … } }</code> of a listener chooses it.
 *
 * <p>The plain echo is no such service: each transport has its own, which is faster than anything that goes through this
 * interface.
 *
 * <p>What its options are it may also say in a JSON Schema of an object, the resource {@code META-INF/vecho/schema/service-NAME.json}
 * beside its class.
 */
public interface Service {

    /** What a listener's key {@code service} has to choose it, unique among all services; such as {@code discard}. */
    String name();

    /** The option that a text alone stands for, as in <code>"service": { "proxy": "tcp://host:1" }</code>; null for none, the default. */
    default @Nullable String textOption() {
        return null;
    }

    /**
     * Reads and validates its options, on a thread that may block. Everything that is wrong is added to {@code options}; the result
     * must not be used if anything was.
     */
    ConfiguredService read(Vertx vertx, Options options);
}
