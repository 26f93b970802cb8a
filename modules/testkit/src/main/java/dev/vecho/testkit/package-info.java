/** What the tests of all modules share: the contract of the transports, certificates, foreign programs. */
@NullMarked
package dev.vecho.testkit;

import org.jspecify.annotations.NullMarked;
