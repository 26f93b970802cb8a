/**
 * Randomised torture of the service: a {@link dev.vecho.testkit.torture.Torture} starts it as a process, lets clients of all
 * kinds loose on it, each of which verifies every byte, and looks in the end at what the service has left behind.
 */
@NullMarked
package dev.vecho.testkit.torture;

import org.jspecify.annotations.NullMarked;
