/** UDP over IPv4 and IPv6, RFC 862, with what keeps an echo from being a weapon or a loop. */
@NullMarked
package dev.vecho.transport.udp;

import org.jspecify.annotations.NullMarked;
