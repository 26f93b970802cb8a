/** Certificates that sign themselves, for a first try: what {@code "selfSigned": true} needs. */
@NullMarked
package dev.vecho.selfsigned;

import org.jspecify.annotations.NullMarked;
