/** Streams through the operating system's sockets: TCP over IPv4 and IPv6, and Unix domain sockets; TLS is an option. */
@NullMarked
package dev.vecho.transport.tcp;

import org.jspecify.annotations.NullMarked;
