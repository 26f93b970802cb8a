package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A listener that lets less wait than one record of TLS holds, as any does while memory is scarce. */
final class SmallQueueTest {

    private static final int CONNECTIONS = 5;
    private static final int BYTES = 1_000_000;

    @TempDir
    static Path directory;

    static List<Arguments> settings() {
        List<Arguments> all = new ArrayList<>();
        for (Arguments setting : TlsEngines.onOneIo()) {
            for (String version : List.of("TLSv1.2", "TLSv1.3")) {
                all.add(Arguments.of(setting.get()[0], setting.get()[1], version));
            }
        }
        if (Io.available().contains("epoll")) {
            all.add(Arguments.of("epoll", "jdk", "TLSv1.3"));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("settings")
    void echoesEverythingAfterHalfClose(String io, String engine, String version) throws Exception {
        Certificates certificates = new Certificates(directory);
        Issued issued = certificates.localhost();
        SSLContext context = SocketClient.trusting(certificates.trustManager());
        Vertx vertx = Vertx.builder().withTransport(Io.transport(io)).build();
        try {
            Traffic traffic = new Traffic();
            Listener listener = listen(vertx, issued.options().put("engine", engine), traffic);
            int port = URI.create(listener.addresses().get(0)).getPort();
            byte[] bytes = new byte[BYTES];
            new Random(BYTES).nextBytes(bytes);
            for (int i = 0; i < CONNECTIONS; i++) {
                try (EchoClient client =
                        SocketClient.tls(context, version, new InetSocketAddress("127.0.0.1", port), 0)) {
                    CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> write(client, bytes));
                    assertThat(client.in().readAllBytes())
                            .as("connection %d", i)
                            .isEqualTo(bytes);
                    writing.get(1, TimeUnit.MINUTES);
                }
            }
            listener.drain(Duration.ZERO).await();
            assertThat(traffic.snapshot().failed()).as("failed").isZero();
        } finally {
            vertx.close().await();
        }
    }

    private static Listener listen(Vertx vertx, JsonObject tls, Traffic traffic) throws Exception {
        JsonObject json = new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("writeQueueBytes", 1024)
                .put("tls", tls);
        Problems problems = new Problems();
        ServerTransport server = new TcpTransport().server(vertx, Options.of(json, Source.named("test"), problems));
        problems.throwIfAny();
        return server.listen(traffic).await(1, TimeUnit.MINUTES);
    }

    private static void write(EchoClient client, byte[] bytes) {
        try {
            client.out().write(bytes);
            client.closeOutput();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
