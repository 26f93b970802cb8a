/**
 * What a user writes: scripts and their steps, payloads, the matrix and its cases, budgets, schedules. Public.
 */
@NullMarked
package dev.vecho.client.script;

import org.jspecify.annotations.NullMarked;
