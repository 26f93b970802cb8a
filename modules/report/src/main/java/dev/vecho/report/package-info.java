/** What a check found, written for people and for programs: {@link dev.vecho.report.Format}. */
@NullMarked
package dev.vecho.report;

import org.jspecify.annotations.NullMarked;
