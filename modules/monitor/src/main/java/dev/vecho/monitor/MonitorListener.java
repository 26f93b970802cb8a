package dev.vecho.monitor;

import dev.vecho.client.report.Report;

/**
 * Hears of what happens in a {@link Monitor}. Called on the monitor's event loop, one call at a time; it must neither block nor throw.
 */
public interface MonitorListener {

    /** A round of a case is over; what the check knows has been brought up to date. */
    default void finished(MonitoredCheck check, MonitoredCase played, Report round) {}

    /** A case has come into another state; before the check as a whole does. */
    default void changed(MonitoredCheck check, StateChange change) {}

    /** Other checks are played now: some have come, gone or changed. */
    default void reconfigured() {}
}
