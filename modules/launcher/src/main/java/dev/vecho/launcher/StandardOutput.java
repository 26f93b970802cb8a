package dev.vecho.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;

/**
 * Standard output, where results go. A command whose results cannot be written has failed, and need not go on: its reader has
 * gone, or the disk is full.
 */
final class StandardOutput {

    private final TrackedOutput output = new TrackedOutput(new FileOutputStream(FileDescriptor.out), this::failed);
    private volatile Runnable onFailure = () -> {};

    /** Makes it {@link System#out}. */
    static StandardOutput install() {
        StandardOutput standard = new StandardOutput();
        System.setOut(new PrintStream(standard.output));
        return standard;
    }

    private void failed(IOException failure) {
        System.err.println("vecho: standard output: cannot be written: " + OwnFailure.reasonWithoutFile(failure));
        onFailure.run();
    }

    /** Calls an action, which ends the command, when something cannot be written; at once if that has happened. */
    void onFailure(Runnable action) {
        onFailure = action;
        if (hasFailed()) {
            action.run();
        }
    }

    /** Whether something could not be written; it has been told by then. */
    boolean hasFailed() {
        return output.failure() != null;
    }
}
