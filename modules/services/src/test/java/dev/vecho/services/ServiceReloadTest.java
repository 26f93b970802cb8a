package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.transport.tcp.TcpTransport;
import dev.vecho.transport.udp.UdpTransport;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An open listener takes another service, and the echo again, for what comes from then on. */
class ServiceReloadTest {

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private ServerTransport server(Transport transport, String service) throws Exception {
        JsonObject options =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).put("service", service);
        if (transport.name().equals("udp")) {
            options.put("allow", "127.0.0.1").put("maxDatagramsPerSecond", 1000);
        }
        Problems problems = new Problems();
        ServerTransport server = transport.server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        return server;
    }

    private InetSocketAddress listen(ServerTransport server) throws Exception {
        Promise<Listener> open = Promise.promise();
        vertx.runOnContext(start -> server.listen(new Traffic()).onComplete(open));
        Target target = Target.parse(await(open.future()).addresses().get(0));
        return new InetSocketAddress(target.host(), target.port());
    }

    private void adopt(ServerTransport open, Transport transport, String service) throws Exception {
        ServerTransport next = server(transport, service);
        assertThat(open.canAdopt(next)).isTrue();
        assertThat(await(open.adopt(next))).isEmpty();
    }

    @Test
    void changesTheServiceOfNewConnections() throws Exception {
        TcpTransport tcp = new TcpTransport();
        ServerTransport open = server(tcp, "echo");
        InetSocketAddress address = listen(open);
        try (Socket kept = new Socket(address.getAddress(), address.getPort())) {
            kept.setSoTimeout(60_000);
            kept.getOutputStream().write(1);
            assertThat(kept.getInputStream().read()).isEqualTo(1);
            adopt(open, tcp, "daytime");
            assertThat(ask(address)).endsWith("-UTC\r\n");
            adopt(open, tcp, "echo");
            assertThat(ask(address)).isEqualTo("hello");
            kept.getOutputStream().write(2);
            assertThat(kept.getInputStream().read()).as("what was open goes on").isEqualTo(2);
        }
    }

    private static String ask(InetSocketAddress address) throws Exception {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void changesTheServiceOfTheNextDatagrams() throws Exception {
        UdpTransport udp = new UdpTransport();
        ServerTransport open = server(udp, "echo");
        try (DatagramSocket client = new DatagramSocket()) {
            client.connect(listen(open));
            client.setSoTimeout(60_000);
            assertThat(ask(client)).isEqualTo("hello");
            for (int i = 0; i < 3; i++) {
                adopt(open, udp, "daytime");
                assertThat(ask(client)).endsWith("-UTC\r\n");
                adopt(open, udp, "echo");
                assertThat(ask(client)).isEqualTo("hello");
            }
        }
    }

    private static String ask(DatagramSocket client) throws Exception {
        byte[] bytes = "hello".getBytes(StandardCharsets.US_ASCII);
        client.send(new DatagramPacket(bytes, bytes.length));
        DatagramPacket answer = new DatagramPacket(new byte[100], 100);
        client.receive(answer);
        return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII);
    }
}
