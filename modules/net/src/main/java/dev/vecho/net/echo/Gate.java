package dev.vecho.net.echo;

import dev.vecho.net.listen.Admission;
import dev.vecho.net.listen.ConnectionLimits;

/** What a listener knows of its clients to hold them to its {@link ConnectionLimits}; shared by all its event loops. */
public final class Gate {

    private final Admission admission;
    private final Throttle throttle;

    /** Makes one for a listener that is opened. */
    public Gate(ConnectionLimits limits) {
        this.admission = new Admission(limits.admission());
        this.throttle = new Throttle(limits.rates());
    }

    /** From now on other limits hold. What is known of clients is not forgotten where the limits on it stay the same. */
    public void change(ConnectionLimits limits) {
        admission.change(limits.admission());
        throttle.change(limits.rates());
    }

    /** Who may connect. */
    public Admission admission() {
        return admission;
    }

    /** How fast they may send. */
    public Throttle throttle() {
        return throttle;
    }
}
