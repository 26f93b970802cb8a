package dev.vecho.transport.http;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.netty.handler.codec.Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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
            case THREE -> new Http3Client(trusting(certificates), address, receiveBuffer);
        };
    }

    private static QuicSslContext trusting(Certificates certificates) {
        return QuicSslContextBuilder.forClient()
                .trustManager(certificates.trustManager())
                .applicationProtocols("h3")
                .build();
    }

    /**
     * Opens a WebSocket, on a stream where the version has some; its response may be a refusal.
     *
     * @param headers beside those of every handshake, each with its end of line
     */
    RawWebSocket webSocket(Certificates certificates, HttpServer server, String headers) throws IOException {
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", server.port());
        return switch (this) {
            case ONE -> new RawWebSocket(server, headers);
            case TWO -> {
                Http2Headers request = Http2Client.headers("CONNECT", "http");
                add(headers, request.set(":protocol", "websocket"));
                Http2Client client = new Http2Client(null, address, 0, request);
                yield new RawWebSocket(client, head(client.head()));
            }
            case THREE -> {
                Http3Headers request = Http3Client.headers("CONNECT");
                add(headers, request.protocol("websocket"));
                Http3Client client = new Http3Client(trusting(certificates), address, 0, request);
                yield new RawWebSocket(client, head(client.head()));
            }
        };
    }

    private static void add(String lines, Headers<CharSequence, CharSequence, ?> request) {
        request.add("sec-websocket-version", "13");
        lines.lines().forEach(line -> {
            String[] header = line.split(": ", 2);
            request.add(header[0].toLowerCase(Locale.ROOT), header[1]);
        });
    }

    private static String head(Future<? extends Headers<CharSequence, CharSequence, ?>> coming) throws IOException {
        StringBuilder response = new StringBuilder();
        try {
            coming.get(FrameClient.PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .forEach(header -> response.append(header.getKey())
                            .append(": ")
                            .append(header.getValue())
                            .append("\r\n"));
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IOException(e);
        }
        return response.toString();
    }
}
