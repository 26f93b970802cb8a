/** QUIC: Netty's codec on sockets of Vert.x's transports. */
@SuppressWarnings("module") // What uses it is compiled later.
module dev.vecho.transport.quic {
    requires transitive dev.vecho.net;
    requires transitive io.netty.codec.classes.quic;
    requires io.netty.transport.classes.epoll;
    requires org.slf4j;

    // Internal
    exports dev.vecho.transport.quic to
            dev.vecho.transport.http;

    provides dev.vecho.core.Transport with
            dev.vecho.transport.quic.QuicTransport;
}
