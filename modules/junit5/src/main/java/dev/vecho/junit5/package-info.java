/**
 * For the tests of others: {@link dev.vecho.junit5.Echo} starts an echo server, whose {@link dev.vecho.junit5.EchoAddress} a test
 * gets as a parameter.
 */
@NullMarked
package dev.vecho.junit5;

import org.jspecify.annotations.NullMarked;
