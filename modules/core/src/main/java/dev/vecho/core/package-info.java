/**
 * What all of Vecho shares: the {@link dev.vecho.core.Transport} SPI, validated {@link dev.vecho.core.Options}, TLS,
 * the {@link dev.vecho.core.EchoPipe} and the {@link dev.vecho.core.Traffic} counters.
 */
@NullMarked
package dev.vecho.core;

import org.jspecify.annotations.NullMarked;
