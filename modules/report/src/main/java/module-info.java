/** What a check found, as text, JSON, JUnit XML and HTML. */
@SuppressWarnings("requires-automatic") // The jars of HdrHistogram and uPlot have their names from those of the files.
module dev.vecho.report {
    requires transitive dev.vecho.client;
    requires java.xml;
    requires uplot;

    // API
    exports dev.vecho.report;
}
