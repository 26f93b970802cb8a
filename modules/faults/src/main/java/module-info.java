/** What a listener does on purpose to what it carries. */
module dev.vecho.faults {
    requires dev.vecho.core;

    provides dev.vecho.core.Faults with
            dev.vecho.faults.ListenerFaults;
}
