package dev.vecho.client;

import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Case;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Told of what happens in a {@link Run} while it happens. Called on the run's context, one call at a time; what it throws
 * ends the run.
 */
public interface RunListener {

    /** Ignores everything. */
    RunListener NONE = new RunListener() {};

    /** The first round of a case begins. */
    default void began(Case played) {}

    /**
     * A round of a case begins.
     *
     * @param round its number, from 1
     * @return told of everything that happens in it, on another thread; null for nobody
     */
    default @Nullable Trace trace(Case played, int round) {
        return null;
    }

    /**
     * A round of a case is over.
     *
     * @param late how much later than intended it began; zero where no interval was given
     */
    default void finished(Case played, Report round, Duration late) {}

    /** All rounds of a case are over. */
    default void finished(CaseReport report) {}
}
