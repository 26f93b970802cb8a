/** HTTP bodies over HTTP/1.1, HTTP/2 and HTTP/3, and WebSocket messages, on one port. */
@NullMarked
package dev.vecho.transport.http;

import org.jspecify.annotations.NullMarked;
