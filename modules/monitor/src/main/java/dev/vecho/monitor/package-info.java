/**
 * Checks on a schedule: the section {@code checks} of the service's configuration. {@link dev.vecho.monitor.Monitor} plays them,
 * {@link dev.vecho.monitor.MonitoredCheck} is what is known of one, and {@link dev.vecho.monitor.MonitorListener} hears of each round
 * and of each change of state.
 */
@NullMarked
package dev.vecho.monitor;

import org.jspecify.annotations.NullMarked;
