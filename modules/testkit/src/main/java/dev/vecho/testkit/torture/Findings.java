package dev.vecho.testkit.torture;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** What went wrong, told at once. Safe for any thread. */
final class Findings {

    private final PrintStream out;
    private final List<String> all = new ArrayList<>();

    Findings(PrintStream out) {
        this.out = out;
    }

    synchronized void add(String finding) {
        all.add(finding);
        out.println("FOUND " + finding);
    }

    /** Adds it unless something holds. */
    void addUnless(boolean holds, String finding) {
        if (!holds) {
            add(finding);
        }
    }

    synchronized int count() {
        return all.size();
    }

    synchronized List<String> all() {
        return List.copyOf(all);
    }
}
