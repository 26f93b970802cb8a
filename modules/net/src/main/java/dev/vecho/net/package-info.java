/**
 * What the other packages of this module share: addresses as people write them, and socket options of Linux.
 */
@NullMarked
package dev.vecho.net;

import org.jspecify.annotations.NullMarked;
