package dev.vecho.monitor;

/** The results of a case's last rounds, and the state that follows from them. For one thread. */
final class AlertWindow {

    private final Alert alert;

    /** A bit for each round, the last one lowest; 1 where it failed. */
    private long failed;

    private int passedInARow;
    private State state = State.UNKNOWN;

    AlertWindow(Alert alert) {
        this.alert = alert;
    }

    /** The same results under another alert; the state follows with the next one. */
    AlertWindow under(Alert other) {
        return restored(other, state, failed, passedInARow);
    }

    /** One that goes on where another has ended. */
    static AlertWindow restored(Alert alert, State state, long failed, int passedInARow) {
        AlertWindow window = new AlertWindow(alert);
        window.state = state;
        window.failed = failed & ((1L << alert.outOf()) - 1);
        window.passedInARow = passedInARow;
        return window;
    }

    Alert alert() {
        return alert;
    }

    long failed() {
        return failed;
    }

    int passedInARow() {
        return passedInARow;
    }

    /** Takes a result; tells the state that follows. */
    State add(boolean passed) {
        failed = (failed << 1 | (passed ? 0 : 1)) & ((1L << alert.outOf()) - 1);
        passedInARow = passed ? passedInARow + 1 : 0;
        if (state == State.FAILING) {
            if (passedInARow >= alert.failures()) {
                // What was before it recovered does not count any more.
                failed = 0;
                state = State.OK;
            }
        } else if (Long.bitCount(failed) >= alert.failures()) {
            state = State.FAILING;
        } else if (passed) {
            state = State.OK;
        }
        return state;
    }
}
