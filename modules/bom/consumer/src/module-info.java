module example.consumer {
    requires dev.vecho.client;
    requires dev.vecho.load;
    requires dev.vecho.net;
    requires dev.vecho.report;
    requires dev.vecho.server;
    requires io.vertx.core;

    // For QUIC and epoll: nobody else requires the native libraries.
    requires io.netty.codec.quic.linux.x86_64;
    requires io.netty.transport.epoll.linux.x86_64;
}
