/** UDP. */
@SuppressWarnings("module") // What uses it is compiled later.
module dev.vecho.transport.udp {
    requires transitive dev.vecho.net;
    requires io.netty.transport.classes.epoll;
    requires org.slf4j;

    // Internal
    exports dev.vecho.transport.udp to
            dev.vecho.transport.stamp;

    provides dev.vecho.core.Transport with
            dev.vecho.transport.udp.UdpTransport;
}
