/** What transports on sockets share. */
@SuppressWarnings("module") // Those that use it are compiled later.
module dev.vecho.net {
    requires transitive dev.vecho.core;
    requires transitive io.netty.codec;
    requires transitive io.netty.codec.haproxy;
    requires transitive io.netty.handler;
    requires transitive io.netty.transport.unix.common;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.classes.io_uring;
    requires io.netty.transport.classes.kqueue;
    requires org.slf4j;

    // There where the engine is that of OpenSSL.
    requires static io.netty.tcnative.classes.openssl;

    // API
    exports dev.vecho.net.io;

    // Internal
    exports dev.vecho.net to
            dev.vecho.management,
            dev.vecho.transport.http,
            dev.vecho.transport.quic,
            dev.vecho.transport.tcp,
            dev.vecho.transport.udp;
    exports dev.vecho.net.connect to
            dev.vecho.transport.http,
            dev.vecho.transport.quic,
            dev.vecho.transport.tcp,
            dev.vecho.transport.udp;
    exports dev.vecho.net.echo to
            dev.vecho.transport.http,
            dev.vecho.transport.quic,
            dev.vecho.transport.tcp,
            dev.vecho.transport.udp;
    exports dev.vecho.net.listen to
            dev.vecho.management,
            dev.vecho.transport.http,
            dev.vecho.transport.quic,
            dev.vecho.transport.tcp,
            dev.vecho.transport.udp;
    exports dev.vecho.net.service to
            dev.vecho.transport.http,
            dev.vecho.transport.quic,
            dev.vecho.transport.tcp;
    exports dev.vecho.net.tls to
            dev.vecho.management,
            dev.vecho.monitor,
            dev.vecho.selfsigned,
            dev.vecho.transport.http,
            dev.vecho.transport.quic,
            dev.vecho.transport.tcp;

    uses dev.vecho.net.tls.SelfSigned;
}
