@NullMarked
package dev.vecho.dist;

import org.jspecify.annotations.NullMarked;
