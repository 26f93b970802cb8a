/** Messages on the Vert.x event bus: within one Vert.x instance, or among the members of a cluster. */
@NullMarked
package dev.vecho.transport.eventbus;

import org.jspecify.annotations.NullMarked;
