/**
 * The SPI, and what users write, read and validated: all that the author of a transport, a service or of faults needs.
 *
 * <p>Vert.x and the parts of Netty that it shows are passed on to whoever requires this.
 */
module dev.vecho.core {
    requires transitive io.netty.buffer;
    requires transitive io.netty.common;
    requires transitive io.netty.transport;
    requires transitive io.vertx.core;
    requires transitive org.jspecify;
    requires com.fasterxml.jackson.core;

    // API and SPI
    exports dev.vecho.core;
    exports dev.vecho.core.config;

    uses dev.vecho.core.Faults;
    uses dev.vecho.core.Service;
    uses dev.vecho.core.Transport;
}
