/** HTTP/1.1, HTTP/2, HTTP/3 on top of QUIC, WebSocket and gRPC. */
@SuppressWarnings("requires-automatic") // The jar of protobuf says its name, and no more.
module dev.vecho.transport.http {
    requires com.google.protobuf;
    requires dev.vecho.transport.quic;
    requires io.netty.codec.http;
    requires io.netty.codec.http2;
    requires io.netty.codec.http3;
    requires org.slf4j;

    provides dev.vecho.core.Transport with
            dev.vecho.transport.http.HttpTransport,
            dev.vecho.transport.http.WebSocketTransport,
            dev.vecho.transport.http.GrpcTransport;
}
