/**
 * Compares what comes back with what was planned and sent. Not public: used by {@code dev.vecho.client.play} only.
 */
@NullMarked
package dev.vecho.client.verify;

import org.jspecify.annotations.NullMarked;
