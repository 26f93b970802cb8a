/**
 * What a listener does beside the echo: discard, chargen, daytime, time, whoami and framed, each found by its name.
 * {@link dev.vecho.services.FrameParser} and {@link dev.vecho.services.Frame} are of use to other programs, too.
 */
@NullMarked
package dev.vecho.services;

import org.jspecify.annotations.NullMarked;
