package dev.vecho.client.report;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The rounds that a report shows: the first that failed and the last, so that memory does not grow with the length of a
 * run.
 */
public final class KeptRounds {

    static final int FAILED = 100;
    static final int LAST = 100;

    private final List<Report> failed = new ArrayList<>();
    private final Deque<Report> last = new ArrayDeque<>();

    public void add(Report round) {
        last.add(round);
        if (last.size() > LAST) {
            Report oldest = last.remove();
            if (!oldest.passed() && failed.size() < FAILED) {
                failed.add(oldest);
            }
        }
    }

    /** In the order in which they were added. */
    public List<Report> get() {
        List<Report> all = new ArrayList<>(failed);
        all.addAll(last);
        return all;
    }
}
