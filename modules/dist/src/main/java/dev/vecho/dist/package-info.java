/** Programs of the build that makes what operators install. */
@NullMarked
package dev.vecho.dist;

import org.jspecify.annotations.NullMarked;
