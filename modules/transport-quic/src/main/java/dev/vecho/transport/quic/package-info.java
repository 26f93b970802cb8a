/** QUIC (RFC 9000): streams, each with its own flow control, and datagrams (RFC 9221), encrypted, over UDP. */
@NullMarked
package dev.vecho.transport.quic;

import org.jspecify.annotations.NullMarked;
