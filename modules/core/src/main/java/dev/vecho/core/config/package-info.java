/**
 * Options from JSON, environment and command line: read, validated, and every error told with its place.
 */
@NullMarked
package dev.vecho.core.config;

import org.jspecify.annotations.NullMarked;
