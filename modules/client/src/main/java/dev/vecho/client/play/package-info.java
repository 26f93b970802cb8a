/**
 * Plays a script on connections, step by step. Not public: used by {@code dev.vecho.client} only.
 */
@NullMarked
package dev.vecho.client.play;

import org.jspecify.annotations.NullMarked;
