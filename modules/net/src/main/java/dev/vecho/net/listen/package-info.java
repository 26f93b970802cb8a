/**
 * How listeners bind and accept: addresses, event loops that share one socket, and what happens when descriptors run out.
 */
@NullMarked
package dev.vecho.net.listen;

import org.jspecify.annotations.NullMarked;
