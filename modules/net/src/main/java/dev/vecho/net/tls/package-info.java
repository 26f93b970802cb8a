/**
 * TLS of listeners and clients: engines, keys, certificates, and what a failed handshake means.
 */
@NullMarked
package dev.vecho.net.tls;

import org.jspecify.annotations.NullMarked;
