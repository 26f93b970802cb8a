package dev.vecho.transport.http;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;

/** The versions of HTTP, for tests of what they have in common. */
enum HttpVersion {
    ONE,
    TWO,
    THREE;

    /** What a listener needs for it. */
    JsonObject listener(Certificates.Issued certificate) {
        JsonObject options = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        return this == THREE ? options.put("tls", certificate.options()) : options;
    }

    /** Sends the head of a POST without a length. */
    EchoClient connect(Certificates certificates, InetSocketAddress address, int receiveBuffer) throws IOException {
        return switch (this) {
            case ONE -> new Http1Client(SocketClient.tcp(address, receiveBuffer));
            case TWO -> new Http2Client(null, address, receiveBuffer);
            case THREE ->
                new Http3Client(
                        QuicSslContextBuilder.forClient()
                                .trustManager(certificates.trustManager())
                                .applicationProtocols("h3")
                                .build(),
                        address,
                        receiveBuffer);
        };
    }
}
