/** The load generator. */
@SuppressWarnings("requires-automatic") // HdrHistogram's jar has its name from that of the file.
module dev.vecho.load {
    requires HdrHistogram;
    requires transitive dev.vecho.core;
    requires jdk.management;

    // API
    exports dev.vecho.load;
}
