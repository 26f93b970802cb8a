/** What listeners on sockets have in common that serve something else than the echo. */
@NullMarked
package dev.vecho.net.service;

import org.jspecify.annotations.NullMarked;
