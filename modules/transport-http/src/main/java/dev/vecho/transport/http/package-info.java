/** HTTP bodies over HTTP/1.1 and HTTP/2, and WebSocket messages, on one port. */
@NullMarked
package dev.vecho.transport.http;

import org.jspecify.annotations.NullMarked;
