/** Checks on a schedule: a section beside the listeners. */
@SuppressWarnings("module") // What uses it is compiled later.
module dev.vecho.monitor {
    requires transitive dev.vecho.client;
    requires transitive dev.vecho.server;
    requires dev.vecho.net;
    requires jdk.management;
    requires org.slf4j;

    // Internal
    exports dev.vecho.monitor to
            dev.vecho.management;

    provides dev.vecho.server.Section with
            dev.vecho.monitor.ChecksSection,
            dev.vecho.monitor.NotifySection;
}
