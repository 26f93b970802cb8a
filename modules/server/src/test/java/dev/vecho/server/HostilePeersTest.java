package dev.vecho.server;

import static dev.vecho.server.Service.blocking;
import static dev.vecho.server.Service.bytes;
import static dev.vecho.server.Service.listeners;
import static dev.vecho.server.Service.tcp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.Timeout;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a peer does ends that peer's connection: nobody else's, and nobody is told but those who ask for details. */
@ExtendWith(VertxExtension.class)
@Timeout(value = 2, timeUnit = TimeUnit.MINUTES)
final class HostilePeersTest {

    private static final int ROUNDS = 5;

    @TempDir
    private static Path directory;

    private static Issued localhost;
    private static Issued another;
    private static SSLContext trusting;

    private Logged logged;

    @BeforeAll
    static void makeCertificates() {
        Certificates certificates = new Certificates(directory);
        localhost = certificates.localhost();
        another = certificates.forName("another.example");
        trusting = SocketClient.trusting(certificates.trustManager());
    }

    @BeforeEach
    void listenToTheLog() {
        logged = new Logged();
    }

    @AfterEach
    void close() {
        logged.close();
    }

    /** The engines, and one certificate or several: then the name that a client asks for is read first. */
    @ParameterizedTest
    @CsvSource({"jdk, false", "jdk, true", "openssl, false", "openssl, true"})
    void endsOnlyTheConnectionOfAHostileTlsPeer(String engine, boolean several, Vertx vertx, VertxTestContext test) {
        JsonObject tls = certificate(localhost).put("engine", engine).put("handshakeTimeoutMillis", 2000);
        if (several) {
            tls.put("certificates", new JsonArray().add(certificate(another)));
        }
        // The time limit of the handshake ends them, and the others do not wait for that.
        List<CompletableFuture<Void>> endless = new ArrayList<>();
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0).put("tls", tls)))
                .compose(service -> {
                    InetSocketAddress address = service.address("a");
                    return besideAnother(service, () -> SocketClient.tls(trusting, "TLSv1.3", address, 0), () -> {
                        byte[] hello = clientHello();
                        boolean first = endless.isEmpty();
                        if (first) {
                            endless.add(talking(address, new byte[0]));
                            endless.add(talking(address, Arrays.copyOf(hello, hello.length / 2)));
                            // More than a record can be.
                            endless.add(talking(address, new byte[] {22, 3, 1, -1, -1, 1, 0, 0}));
                        }
                        talks(address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                        talks(address, new byte[20_000]);
                        talks(address, bytes(1000));
                        talks(address, corrupted(hello));
                        leaves(address, new byte[0]);
                        leaves(address, Arrays.copyOf(hello, 3));
                        leaves(address, Arrays.copyOf(hello, hello.length / 2));
                        resets(address, new byte[0]);
                        resets(address, bytes(1000));
                        resets(address, Arrays.copyOf(hello, hello.length / 2));
                        resets(address, hello);
                        distrusts(address);
                        breaksOffAfterTheHandshake(address);
                        talksGarbageAfterTheHandshake(address);
                        return first ? 17L : 14L;
                    });
                })
                .compose(ended -> blocking(vertx, () -> {
                    endless.forEach(CompletableFuture::join);
                    return null;
                }))
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void endsOnlyTheConnectionOfAHostileTcpPeer(Vertx vertx, VertxTestContext test) {
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0)))
                .compose(service -> {
                    InetSocketAddress address = service.address("a");
                    return besideAnother(service, () -> SocketClient.tcp(address, 0), () -> {
                        resets(address, new byte[0]);
                        resets(address, bytes(1000));
                        resets(address, bytes(200_000));
                        resetsAfterHalfClose(address);
                        resetsWhatItReads(address);
                        return 5L;
                    });
                })
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void endsOnlyTheConnectionOfAHostilePeerBehindABalancer(Vertx vertx, VertxTestContext test) {
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0).put("proxyProtocol", true)))
                .compose(service -> {
                    InetSocketAddress address = service.address("a");
                    byte[] header = "PROXY UNKNOWN\r\n".getBytes(StandardCharsets.US_ASCII);
                    Callable<EchoClient> polite = () -> {
                        EchoClient client = SocketClient.tcp(address, 0);
                        client.out().write(header);
                        return client;
                    };
                    return besideAnother(service, polite, () -> {
                        talks(address, bytes(1000));
                        leaves(address, Arrays.copyOf(header, 6));
                        resets(address, new byte[0]);
                        resets(address, Arrays.copyOf(header, 6));
                        resets(address, header);
                        return 5L;
                    });
                })
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void endsQuietlyWhatIsOneTooMany(Vertx vertx, VertxTestContext test) {
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0).put("maxConnections", 1)))
                .compose(service -> {
                    InetSocketAddress address = service.address("a");
                    return besideAnother(service, () -> SocketClient.tcp(address, 0), () -> {
                        talks(address, bytes(1000));
                        leaves(address, bytes(10));
                        resets(address, new byte[0]);
                        resets(address, bytes(200_000));
                        return 0L;
                    });
                })
                .onComplete(test.succeedingThenComplete());
    }

    private static JsonObject certificate(Issued issued) {
        return new JsonObject()
                .put("certificate", issued.certificate().toString())
                .put("key", issued.key().toString());
    }

    /**
     * Lets hostile peers come while another client has its bytes echoed.
     *
     * @param hostile returns how many connections it opened that count
     */
    private Future<Void> besideAnother(Service service, Callable<? extends EchoClient> polite, Callable<Long> hostile) {
        return blocking(service.vertx(), () -> {
                    EchoClient other = polite.call();
                    Service.assertEchoes(other, "before");
                    return other;
                })
                .compose(other -> blocking(service.vertx(), () -> {
                            long opened = 1;
                            for (int round = 0; round < ROUNDS; round++) {
                                opened += hostile.call();
                                Service.assertEchoes(other, "round " + round);
                            }
                            return opened;
                        })
                        .compose(opened -> Service.eventually(
                                service.vertx(),
                                () -> service.traffic("a").accepted() == opened
                                        && service.traffic("a").active() == 1))
                        .compose(ended -> blocking(service.vertx(), () -> {
                            Service.assertEchoes(other, "after");
                            other.close();
                            logged.assertQuiet();
                            return null;
                        })));
    }

    /** Sends and waits until it is shut out. */
    private static void talks(InetSocketAddress address, byte[] bytes) throws IOException {
        try (EchoClient client = SocketClient.tcp(address, 0)) {
            write(client, bytes);
            assertThat(endsWithout(client, bytes)).isTrue();
        }
    }

    private static CompletableFuture<Void> talking(InetSocketAddress address, byte[] bytes) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        talks(address, bytes);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                task -> new Thread(task).start());
    }

    /** Whether the connection ends; an alert of TLS may come before, but no echo. */
    private static boolean endsWithout(EchoClient client, byte[] bytes) {
        try {
            byte[] answer = client.in().readAllBytes();
            return bytes.length < 8 || !Arrays.equals(answer, bytes);
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** Sends and closes its output. */
    private static void leaves(InetSocketAddress address, byte[] bytes) throws IOException {
        try (EchoClient client = SocketClient.tcp(address, 0)) {
            write(client, bytes);
            client.closeOutput();
            assertThat(endsWithout(client, bytes)).isTrue();
        } catch (java.net.SocketException e) {
            assertThat(e).as("the other side was faster").isNotNull();
        }
    }

    private static void resets(InetSocketAddress address, byte[] bytes) throws IOException {
        SocketClient client = SocketClient.tcp(address, 0);
        write(client, bytes);
        client.reset();
    }

    private static void write(EchoClient client, byte[] bytes) {
        try {
            client.out().write(bytes);
        } catch (IOException e) {
            assertThat(e).as("the other side was faster").isInstanceOf(java.net.SocketException.class);
        }
    }

    private static void resetsAfterHalfClose(InetSocketAddress address) throws IOException {
        SocketClient client = SocketClient.tcp(address, 0);
        client.out().write(bytes(200_000));
        client.closeOutput();
        client.reset();
    }

    private static void resetsWhatItReads(InetSocketAddress address) throws IOException {
        SocketClient client = SocketClient.tcp(address, 4096);
        client.out().write(bytes(200_000));
        assertThat(client.in().readNBytes(1000)).hasSize(1000);
        client.reset();
    }

    /** A client that does not know the authority and says so. */
    private static void distrusts(InetSocketAddress address) throws Exception {
        SSLContext strict = SSLContext.getInstance("TLS");
        strict.init(null, null, null);
        assertThatThrownBy(() -> SocketClient.tls(strict, "TLSv1.3", address, 0))
                .isInstanceOf(SSLException.class);
    }

    private static void breaksOffAfterTheHandshake(InetSocketAddress address) throws IOException {
        SocketClient client = SocketClient.tls(trusting, "TLSv1.2", address, 0);
        Service.assertEchoes(client, "hello");
        client.out().write(bytes(50_000));
        client.reset();
    }

    private static void talksGarbageAfterTheHandshake(InetSocketAddress address) throws IOException {
        try (Socket raw = new Socket()) {
            raw.setSoTimeout(20_000);
            raw.connect(address, 20_000);
            SSLSocket socket =
                    (SSLSocket) trusting.getSocketFactory().createSocket(raw, "localhost", address.getPort(), true);
            socket.startHandshake();
            raw.getOutputStream().write("not a record".getBytes(StandardCharsets.US_ASCII));
            assertThatThrownBy(() -> {
                        if (socket.getInputStream().read() == -1) {
                            throw new IOException("the end");
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(java.net.SocketTimeoutException.class);
        }
    }

    private static byte[] clientHello() throws Exception {
        SSLEngine engine = trusting.createSSLEngine("localhost", 1);
        engine.setUseClientMode(true);
        ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), hello);
        return Arrays.copyOf(hello.array(), hello.position());
    }

    /** A record that is whole, with a message that is none. */
    private static byte[] corrupted(byte[] hello) {
        byte[] bytes = hello.clone();
        Arrays.fill(bytes, 40, bytes.length, (byte) -1);
        return bytes;
    }
}
