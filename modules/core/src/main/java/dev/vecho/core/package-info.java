/**
 * The SPI: all that the author of a transport needs. A {@link dev.vecho.core.Transport} makes listeners and connections from
 * validated {@link dev.vecho.core.config.Options}; listeners count in {@link dev.vecho.core.Traffic}.
 */
@NullMarked
package dev.vecho.core;

import org.jspecify.annotations.NullMarked;
