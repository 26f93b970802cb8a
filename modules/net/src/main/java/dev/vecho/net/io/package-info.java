/**
 * The choice of how bytes are exchanged with the operating system: epoll, io_uring, kqueue or nio.
 */
@NullMarked
package dev.vecho.net.io;

import org.jspecify.annotations.NullMarked;
