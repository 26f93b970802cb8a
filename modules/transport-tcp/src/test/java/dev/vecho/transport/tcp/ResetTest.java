package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.TransportException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a peer sees of a client that breaks a connection off. */
@ExtendWith(VertxExtension.class)
final class ResetTest {

    @TempDir
    static Path directory;

    @Test
    void resetsTcp(Vertx vertx) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            ClientTransport transport = open(vertx, "tcp", server, new JsonObject());
            Future<Connection> connecting = connect(vertx, transport);
            try (Socket accepted = server.accept()) {
                reset(vertx, connecting.await());
                assertThatThrownBy(() -> accepted.getInputStream().read())
                        .isInstanceOf(SocketException.class)
                        .hasMessageContaining("reset");
            }
            transport.close().await();
        }
    }

    @Test
    void resetsTlsWithoutAWord(Vertx vertx) throws Exception {
        Certificates certificates = new Certificates(directory);
        SSLContext context = certificates.serverContext(certificates.localhost());
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            ClientTransport transport = open(
                    vertx,
                    "tls",
                    server,
                    new JsonObject().put("trust", certificates.authority().toString()));
            Future<Connection> connecting = connect(vertx, transport);
            try (Socket raw = server.accept()) {
                SSLSocket accepted = (SSLSocket) context.getSocketFactory().createSocket(raw, "", 0, false);
                accepted.setUseClientMode(false);
                accepted.startHandshake();
                reset(vertx, connecting.await());
                assertThatThrownBy(() -> accepted.getInputStream().read())
                        .isInstanceOf(SocketException.class)
                        .hasMessageContaining("reset");
            }
            transport.close().await();
        }
    }

    @Test
    void cannotBeginTlsTwice(Vertx vertx) throws Exception {
        Certificates certificates = new Certificates(directory);
        SSLContext context = certificates.serverContext(certificates.localhost());
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            ClientTransport transport = open(
                    vertx,
                    "tls",
                    server,
                    new JsonObject().put("trust", certificates.authority().toString()));
            Future<Connection> connecting = connect(vertx, transport);
            try (Socket raw = server.accept()) {
                SSLSocket accepted = (SSLSocket) context.getSocketFactory().createSocket(raw, "", 0, false);
                accepted.setUseClientMode(false);
                accepted.startHandshake();
                Connection connection = connecting.await();
                assertThatThrownBy(() -> connection.startTls().await())
                        .isInstanceOf(TransportException.class)
                        .hasMessageContaining("TLS has begun already");
            }
            transport.close().await();
        }
    }

    private static ClientTransport open(Vertx vertx, String scheme, ServerSocket server, JsonObject tls) {
        Problems problems = new Problems();
        ClientTransport transport = new TcpTransport()
                .client(
                        vertx,
                        Target.parse(scheme + "://127.0.0.1:" + server.getLocalPort()),
                        Options.of(new JsonObject().put("tls", tls), Source.named("test"), problems));
        problems.throwIfAny();
        return transport;
    }

    private static Future<Connection> connect(Vertx vertx, ClientTransport transport) {
        return Future.future(promise ->
                vertx.runOnContext(now -> transport.connect(new Deaf()).onComplete(promise)));
    }

    private static void reset(Vertx vertx, Connection connection) {
        Future<Void> done = Future.future(
                promise -> vertx.runOnContext(now -> connection.reset().onComplete(promise)));
        assertThat(done.await()).isNull();
    }

    private static final class Deaf implements Receiver {

        @Override
        public void received(Buffer bytes) {}

        @Override
        public void ended() {}

        @Override
        public void failed(TransportException cause) {}
    }
}
