/** TCP, TLS and Unix domain sockets. */
module dev.vecho.transport.tcp {
    requires dev.vecho.net;
    requires org.slf4j;

    provides dev.vecho.core.Transport with
            dev.vecho.transport.tcp.TcpTransport,
            dev.vecho.transport.tcp.UnixTransport;
}
