/**
 * What a check finds: rounds, diagnoses, measured times, and sums of many rounds. Public.
 */
@NullMarked
package dev.vecho.client.report;

import org.jspecify.annotations.NullMarked;
