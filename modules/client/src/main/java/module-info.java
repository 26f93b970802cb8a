/** The check. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"
}) // HdrHistogram's jar has its name from that of the file.
module dev.vecho.client {
    requires transitive HdrHistogram;
    requires transitive dev.vecho.core;
    requires org.slf4j;

    // API
    exports dev.vecho.client;
    exports dev.vecho.client.report;
    exports dev.vecho.client.script;
}
