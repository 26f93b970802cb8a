/** The contracts of streams and of messages, with a client of QUIC. */
@NullMarked
package dev.vecho.testkit.quic;

import org.jspecify.annotations.NullMarked;
