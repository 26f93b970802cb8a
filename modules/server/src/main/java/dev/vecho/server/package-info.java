/** The echo service as a verticle: configuration into running listeners. */
@NullMarked
package dev.vecho.server;

import org.jspecify.annotations.NullMarked;
