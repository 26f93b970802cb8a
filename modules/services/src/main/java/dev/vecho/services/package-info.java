/** What a listener does beside the echo: discard, chargen, daytime, time and whoami, each found by its name. */
@NullMarked
package dev.vecho.services;

import org.jspecify.annotations.NullMarked;
