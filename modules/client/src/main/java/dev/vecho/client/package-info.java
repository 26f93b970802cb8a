/**
 * The public face of the check: {@link dev.vecho.client.Check} plays a script against a target,
 * {@link dev.vecho.client.Run} plays all cases of a script as often as it says, and
 * {@link dev.vecho.client.EchoClientVerticle} does so as a verticle.
 */
@NullMarked
package dev.vecho.client;

import org.jspecify.annotations.NullMarked;
