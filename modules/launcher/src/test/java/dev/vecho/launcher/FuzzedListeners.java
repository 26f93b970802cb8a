package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** A service in this process, and a peer that sends it anything. What it logs beyond DEBUG is a fault. */
final class FuzzedListeners implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 15_000;

    private final Vertx vertx = Launch.vertx("nio");
    private final EchoServerVerticle service = new EchoServerVerticle();
    private final Queue<String> logged = new ConcurrentLinkedQueue<>();

    /** Opens the listeners {@code proxy}, {@code framed} and {@code http}. */
    FuzzedListeners() {
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                // A busy machine is no fault of a peer's.
                boolean busy = event.getLoggerName().endsWith("BlockedThreadChecker");
                if (event.getLevel().isGreaterOrEqual(Level.WARN) && !busy) {
                    logged.add(event.getFormattedMessage());
                }
            }
        };
        appender.start();
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).addAppender(appender);
        JsonObject listeners = new JsonObject()
                .put("proxy", listener("tcp").put("proxyProtocol", true))
                .put("framed", listener("tcp").put("service", "framed"))
                .put("http", listener("http"));
        vertx.deployVerticle(
                        service,
                        new DeploymentOptions()
                                .setConfig(
                                        new JsonObject().put("drainMillis", 0).put("listeners", listeners)))
                .await();
    }

    private static JsonObject listener(String transport) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("idleTimeoutMillis", 5000);
    }

    /**
     * Sends something, closes the output, and waits for the end.
     *
     * @return what came back
     */
    byte[] send(String listener, byte[]... pieces) {
        ByteArrayOutputStream came = new ByteArrayOutputStream();
        try (Socket socket = new Socket("127.0.0.1", port(listener))) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            try {
                for (byte[] piece : pieces) {
                    socket.getOutputStream().write(piece);
                }
                socket.shutdownOutput();
                InputStream in = socket.getInputStream();
                byte[] block = new byte[1 << 16];
                for (int count = in.read(block); count >= 0; count = in.read(block)) {
                    came.write(block, 0, count);
                }
            } catch (SocketTimeoutException e) {
                throw new AssertionError("the connection does not end", e);
            } catch (IOException e) {
                // It was reset: that is an end, too.
                return came.toByteArray();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return came.toByteArray();
    }

    /** Nothing was logged that a peer must not be able to cause. */
    void assertQuiet() {
        assertThat(logged).isEmpty();
    }

    private int port(String name) {
        return service.listeners().stream()
                .filter(listener -> listener.name().equals(name))
                .map(listener -> URI.create(listener.addresses().get(0)).getPort())
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        vertx.close().await();
    }
}
