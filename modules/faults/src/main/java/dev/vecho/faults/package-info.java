/**
 * What a listener does on purpose to the connections and messages that it serves: {@link dev.vecho.faults.ListenerFaults} reads it and
 * puts it between a transport and its service.
 */
@NullMarked
package dev.vecho.faults;

import org.jspecify.annotations.NullMarked;
