package dev.vecho.launcher;

import java.io.PrintStream;
import picocli.CommandLine.Help.Ansi;

/**
 * A line on standard error that is written over again and again while a command runs; nothing where the command's output
 * is not a terminal. Safe for any thread.
 */
final class LiveLine {

    private static final String CLEAR = "\r\u001b[K";

    private final boolean terminal = Ansi.AUTO.enabled();
    private final PrintStream err = System.err;
    private boolean shown;

    /** Replaces what it shows. */
    synchronized void show(String text) {
        if (terminal) {
            err.print(CLEAR + text);
            err.flush();
            shown = true;
        }
    }

    /** Clears it, before something else is printed. */
    synchronized void clear() {
        if (shown) {
            err.print(CLEAR);
            err.flush();
            shown = false;
        }
    }
}
