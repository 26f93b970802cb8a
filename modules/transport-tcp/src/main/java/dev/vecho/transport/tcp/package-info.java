/** TCP over IPv4 and IPv6, with TLS and the PROXY protocol as options of it. */
@NullMarked
package dev.vecho.transport.tcp;

import org.jspecify.annotations.NullMarked;
