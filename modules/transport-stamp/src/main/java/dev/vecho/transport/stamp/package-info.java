/** STAMP, the Simple Two-Way Active Measurement Protocol (RFC 8762, RFC 8972), on datagrams of UDP. */
@NullMarked
package dev.vecho.transport.stamp;

import org.jspecify.annotations.NullMarked;
