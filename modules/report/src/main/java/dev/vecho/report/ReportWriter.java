package dev.vecho.report;

import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;

/** Writes one report while a run is played. Called as a {@link RunListener} is, and in the end with the whole. */
public interface ReportWriter extends RunListener {

    /** The run is over; nothing comes after it. */
    void over(RunReport report);
}
