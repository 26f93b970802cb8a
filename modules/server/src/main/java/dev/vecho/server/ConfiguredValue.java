package dev.vecho.server;

/**
 * A value of the configuration that is in effect.
 *
 * @param key the path from the root, such as {@code listeners.tls.port}
 * @param value a text, a number, a boolean or a list; {@value dev.vecho.core.config.ReadOption#MASK} in the place of a secret
 * @param source who has said so: a file, {@code environment variable NAME}, {@code system property NAME},
 *     a flag such as {@code --port}, or {@code default}
 */
public record ConfiguredValue(String key, Object value, String source) {}
