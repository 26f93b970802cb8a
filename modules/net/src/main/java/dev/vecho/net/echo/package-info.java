/**
 * The echo of a stream of bytes: {@link dev.vecho.net.echo.EchoPipe} for any channel, and the direct way past the pipeline that
 * plain connections take on epoll.
 */
@NullMarked
package dev.vecho.net.echo;

import org.jspecify.annotations.NullMarked;
