/** What Vecho is measured against and with: the textbook echo of Vert.x, and the echo pipe alone. */
@NullMarked
package dev.vecho.benchmarks;

import org.jspecify.annotations.NullMarked;
