package dev.vecho.transport.http;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A listener for one test, and plain sockets to it. */
final class HttpServer implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    private final Vertx vertx = Vertx.vertx();
    private final Traffic traffic = new Traffic();
    private final Listener listener;
    private final Target target;

    private HttpServer(JsonObject options, Transport transport) throws Exception {
        Problems problems = new Problems();
        JsonObject all =
                new JsonObject().put("host", "127.0.0.1").put("port", 0).mergeIn(options);
        ServerTransport server = transport.server(vertx, Options.of(all, Source.named("test"), problems));
        problems.throwIfAny();
        listener = server.listen(traffic)
                .toCompletionStage()
                .toCompletableFuture()
                .get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        target = Target.parse(listener.addresses().get(0));
    }

    /** Listens with the given options, on a free port. */
    static HttpServer listen(JsonObject options) throws Exception {
        return new HttpServer(options, new HttpTransport());
    }

    Vertx vertx() {
        return vertx;
    }

    Traffic.Snapshot traffic() {
        return traffic.snapshot();
    }

    /** The connections that broke, by reason. */
    Map<String, Long> failures() {
        return traffic.failures();
    }

    /** What was done on purpose. */
    Map<String, Long> faults() {
        return traffic.faults();
    }

    /** Waits until something is so. */
    void eventually(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + PATIENCE_MILLIS + " ms");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    Listener listener() {
        return listener;
    }

    List<String> addresses() {
        return listener.addresses();
    }

    int port() {
        return target.port();
    }

    /** The address, such as {@code http://127.0.0.1:40001}. */
    String url() {
        return target.text();
    }

    /** A socket whose reads are bounded. */
    Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(target.host(), target.port()), PATIENCE_MILLIS);
        return socket;
    }

    /** Sends some text and returns everything that comes until the server closes. */
    String exchange(String sent) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(sent.getBytes(StandardCharsets.ISO_8859_1));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.ISO_8859_1);
        }
    }

    @Override
    public void close() {
        vertx.close()
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }
}
