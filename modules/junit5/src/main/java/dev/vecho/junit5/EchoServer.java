package dev.vecho.junit5;

import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.EchoService;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** The server of a test, which JUnit closes with the store that it is in. */
final class EchoServer implements AutoCloseable {

    private static final int SECONDS = 30;

    private final Vertx vertx;
    private final EchoAddress address;

    private EchoServer(Vertx vertx, EchoAddress address) {
        this.vertx = vertx;
        this.address = address;
    }

    static EchoServer start(Echo echo) {
        JsonObject configuration = configuration(echo);
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        try {
            String id = vertx.deployVerticle(
                            EchoServerVerticle.class.getName(), new DeploymentOptions().setConfig(configuration))
                    .await(SECONDS, TimeUnit.SECONDS);
            EchoService service = EchoService.of(vertx, id).orElseThrow();
            return new EchoServer(
                    vertx,
                    new EchoAddress(service.listeners().get(0).addresses().get(0), service));
        } catch (Exception e) {
            vertx.close();
            throw new ExtensionConfigurationException("@Echo: the server cannot start: " + e.getMessage(), e);
        }
    }

    static JsonObject configuration(Echo echo) {
        JsonObject options;
        try {
            options = new JsonObject(echo.options());
        } catch (DecodeException e) {
            throw new ExtensionConfigurationException(
                    "@Echo: options: must be a JSON object, was \"" + echo.options() + "\"", e);
        }
        JsonObject listener = new JsonObject().put("transport", echo.transport());
        if (!options.containsKey("path")) {
            listener.put("host", "127.0.0.1").put("port", 0);
        }
        if (echo.tls()) {
            listener.put("tls", new JsonObject().put("selfSigned", true));
        }
        JsonObject faults = FaultKeys.of(echo.faults());
        if (!faults.isEmpty()) {
            listener.put("faults", faults);
        }
        return new JsonObject()
                .put("drainMillis", echo.drainMillis())
                .put("listeners", new JsonObject().put("echo", listener.mergeIn(options, true)));
    }

    EchoAddress address() {
        return address;
    }

    @Override
    public void close() throws TimeoutException {
        vertx.close().await(SECONDS, TimeUnit.SECONDS);
    }
}
