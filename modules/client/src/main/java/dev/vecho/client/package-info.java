/**
 * The echo client: a {@link dev.vecho.client.Script} is played by a {@link dev.vecho.client.Check} against a target,
 * every byte that comes back is verified, and a {@link dev.vecho.client.Report} tells how fast it was or what broke.
 */
@NullMarked
package dev.vecho.client;

import org.jspecify.annotations.NullMarked;
