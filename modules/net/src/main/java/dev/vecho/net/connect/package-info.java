/**
 * How clients connect: names, families of addresses, attempts in parallel (RFC 8305), and what a failure means.
 */
@NullMarked
package dev.vecho.net.connect;

import org.jspecify.annotations.NullMarked;
