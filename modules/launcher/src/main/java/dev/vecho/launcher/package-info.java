/** The command line: wires server, client and transports together. */
@NullMarked
package dev.vecho.launcher;

import org.jspecify.annotations.NullMarked;
