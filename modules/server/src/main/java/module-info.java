/** Configuration into running listeners. */
module dev.vecho.server {
    requires transitive dev.vecho.core;
    requires dev.vecho.net;
    requires io.vertx.config;
    requires org.slf4j;

    // API, and the SPI of sections beside the listeners
    exports dev.vecho.server;

    uses dev.vecho.server.LogLevels;
    uses dev.vecho.server.Section;
    uses io.vertx.config.spi.ConfigProcessor;
    uses io.vertx.config.spi.ConfigStoreFactory;

    provides io.vertx.config.spi.ConfigProcessor with
            dev.vecho.server.StrictJson;
}
