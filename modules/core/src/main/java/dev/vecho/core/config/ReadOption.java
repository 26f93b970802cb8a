package dev.vecho.core.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One key that a getter of {@link Options} was asked for, with what is allowed there. Who reads options is the only one who knows
 * all of their keys: these are what an effective configuration is printed from, and what the schemas are held to.
 *
 * @param path from the root, such as {@code listeners.tls.port}
 * @param given whether the user gave a value, other than null
 * @param value in effect; {@value #MASK} for a secret that was given; null where there is none, and for objects
 * @param otherwise the value without one of the user's; null where there is none
 * @param least of a number or its list; null for others
 * @param most of a number or its list; null for others
 * @param choices the words that may be chosen from; empty for others
 */
public record ReadOption(
        String path,
        Kind kind,
        boolean given,
        @Nullable Object value,
        @Nullable Object otherwise,
        @Nullable Long least,
        @Nullable Long most,
        List<String> choices) {

    /** What stands in the place of a secret. */
    public static final String MASK = "***";

    /** What a value must be. */
    public enum Kind {
        TEXT,
        SECRET,
        INTEGER,
        DECIMAL,
        FLAG,
        CHOICE,
        /** A list of texts, or a single one. */
        TEXTS,
        /** A list of secrets, or a single one. */
        SECRETS,
        /** A list of whole numbers, or a single one. */
        INTEGERS,
        /** A name, or an object with a name as its only key, and an object of options as its value. */
        NAMED,
        OBJECT,
        /** A list of objects. */
        OBJECTS
    }

    public ReadOption {
        choices = List.copyOf(choices);
    }
}
