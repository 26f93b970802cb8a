package dev.vecho.server;

/**
 * What a section that writes lines for connections has done so far, see {@link EchoService#section}.
 *
 * @param written lines that were handed to the file or stream
 * @param dropped lines that were not, because nobody took them fast enough
 */
public record LogLines(long written, long dropped) {}
