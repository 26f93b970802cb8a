/** A load generator that verifies every byte: {@link dev.vecho.load.Load}. */
@NullMarked
package dev.vecho.load;

import org.jspecify.annotations.NullMarked;
