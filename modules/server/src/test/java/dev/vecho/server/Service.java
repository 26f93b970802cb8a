package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.Ports;
import dev.vecho.testkit.SocketClient;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;

/** A deployed {@link EchoServerVerticle}, and what tests do with it. */
record Service(Vertx vertx, String deployment, EchoServerVerticle verticle) {

    static final boolean IPV6 = canBind("::1", 0);

    /** Deploys with a configuration in the deployment options. */
    static Future<Service> start(Vertx vertx, JsonObject configuration) {
        EchoServerVerticle verticle = new EchoServerVerticle();
        return vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(configuration))
                .map(id -> new Service(vertx, id, verticle));
    }

    /** A configuration of listeners: names and their options in turn. */
    static JsonObject listeners(Object... namesAndOptions) {
        JsonObject listeners = new JsonObject();
        for (int i = 0; i < namesAndOptions.length; i += 2) {
            listeners.put((String) namesAndOptions[i], namesAndOptions[i + 1]);
        }
        return new JsonObject().put("listeners", listeners);
    }

    static JsonObject tcp(String host, int port) {
        return new JsonObject().put("host", host).put("port", port);
    }

    Future<Void> stop() {
        return vertx.undeploy(deployment);
    }

    OpenListener listener(String name) {
        return verticle.listeners().stream()
                .filter(listener -> listener.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    Traffic.Snapshot traffic(String listener) {
        return listener(listener).traffic().snapshot();
    }

    /** The first address of a listener. */
    InetSocketAddress address(String listener) {
        Target target = Target.parse(listener(listener).addresses().get(0));
        return new InetSocketAddress(target.host(), target.port());
    }

    int port(String listener) {
        return address(listener).getPort();
    }

    /** Completes when a condition holds; the test's time limit bounds it. */
    static Future<Void> eventually(Vertx vertx, BooleanSupplier condition) {
        Promise<Void> promise = Promise.promise();
        vertx.setPeriodic(5, timer -> {
            if (condition.getAsBoolean()) {
                vertx.cancelTimer(timer);
                promise.tryComplete();
            }
        });
        return promise.future();
    }

    /** Runs what a blocking client does. */
    static <T> Future<T> blocking(Vertx vertx, Callable<T> client) {
        return vertx.executeBlocking(client, false);
    }

    /** Has bytes echoed through a connection that is half-closed. */
    static Future<Void> echo(Vertx vertx, InetSocketAddress address) {
        return blocking(vertx, () -> {
            try (EchoClient client = SocketClient.tcp(address, 0)) {
                assertEchoes(client, bytes(100_000));
                client.closeOutput();
                assertThat(client.in().read()).as("the end").isEqualTo(-1);
            }
            return null;
        });
    }

    /** Has a text echoed. Blocks. */
    static void assertEchoes(EchoClient client, String text) throws IOException {
        assertEchoes(client, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertEchoes(EchoClient client, byte[] sent) throws IOException {
        client.out().write(sent);
        client.out().flush();
        assertThat(client.in().readNBytes(sent.length)).isEqualTo(sent);
    }

    /** Waits for the end, clean or not, before which not a byte may come. Blocks. */
    static void assertEndsWithoutAByte(EchoClient client) {
        int read;
        try {
            read = client.in().read();
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the connection stays open", e);
        } catch (IOException e) {
            read = -1;
        }
        assertThat(read).as("the end").isEqualTo(-1);
    }

    static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    /** A port that nobody has. */
    static int freePort() throws IOException {
        return Ports.free();
    }

    static boolean canBind(String host, int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(host))) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    /** Fails if a port stays taken; nio frees it a moment after the close, when its selector runs again. */
    static void assertFree(String host, int port) {
        long end = System.nanoTime() + 10_000_000_000L;
        while (!canBind(host, port)) {
            assertThat(System.nanoTime()).as("%s port %d is free", host, port).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /** Problems or failures, one a line. */
    static List<String> lines(Throwable failure) {
        return String.valueOf(failure.getMessage()).lines().toList();
    }
}
