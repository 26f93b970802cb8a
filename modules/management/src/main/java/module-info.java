/** The management listener: a section beside the listeners. */
@SuppressWarnings(
        "requires-automatic") // The jars of Micrometer and Prometheus say their names, and no more; that of uPlot not
// even this.
module dev.vecho.management {
    requires dev.vecho.monitor;
    requires dev.vecho.net;
    requires dev.vecho.report;
    requires io.netty.codec.http;
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires io.vertx.healthcheck;
    requires micrometer.core;
    requires micrometer.registry.prometheus;
    requires org.slf4j;
    requires uplot;

    provides dev.vecho.server.Section with
            dev.vecho.management.ManagementSection,
            dev.vecho.management.ProbeSection;
}
