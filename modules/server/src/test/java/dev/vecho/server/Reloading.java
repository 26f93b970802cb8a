package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** A service with a configuration in a file, which tests change while it runs. Its calls block. */
final class Reloading implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 60;
    private static final AtomicInteger TEMPORARY = new AtomicInteger();

    private final Vertx vertx = Vertx.vertx();
    private final Path file;
    private final EchoServerVerticle verticle;
    private final String deployment;

    private Reloading(Path file, List<Path> stores) throws Exception {
        this.file = file;
        Configuration configuration = await(Configuration.load(vertx, List.of(file), stores));
        verticle = new EchoServerVerticle(configuration);
        deployment = await(vertx.deployVerticle(verticle));
    }

    /** Serves with a file of that content, without looking for changes unless it says so. */
    static Reloading serve(Path directory, JsonObject content, Path... stores) throws Exception {
        return serve(write(directory.resolve("vecho.json"), content), stores);
    }

    /** Serves with a file that is there. */
    static Reloading serve(Path file, Path... stores) throws Exception {
        return new Reloading(file, List.of(stores));
    }

    private static Path write(Path file, JsonObject content) throws IOException {
        JsonObject quiet = content.containsKey("configScanMillis")
                ? content
                : content.copy().put("configScanMillis", 0);
        return replace(file, quiet.encodePrettily());
    }

    /** Puts another file in the place of one, as editors do. */
    static Path replace(Path file, String content) throws IOException {
        Path temporary = file.resolveSibling(".new-" + TEMPORARY.incrementAndGet());
        Files.writeString(temporary, content);
        return Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    static void eventually(String what, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Writes the file anew. */
    void write(JsonObject content) throws IOException {
        write(file, content);
    }

    /** Writes the file anew and reloads it. */
    Reload reload(JsonObject content) throws Exception {
        write(content);
        return await(verticle.reload());
    }

    /** The same; fails unless it is applied. */
    List<String> apply(JsonObject content) throws Exception {
        Reload reload = reload(content);
        assertThat(reload.problems()).isEmpty();
        assertThat(reload.outcome()).as(reload.changes().toString()).isEqualTo(Outcome.APPLIED);
        return reload.changes();
    }

    /** The same; fails unless it is rejected. */
    List<String> reject(JsonObject content) throws Exception {
        Reload reload = reload(content);
        assertThat(reload.outcome()).isEqualTo(Outcome.REJECTED);
        assertThat(reload.changes()).isEmpty();
        return reload.problems();
    }

    EchoServerVerticle service() {
        return verticle;
    }

    Service as() {
        return new Service(vertx, deployment, verticle);
    }

    Vertx vertx() {
        return vertx;
    }

    EchoClient connect(String listener) throws Exception {
        return SocketClient.tcp(address(listener), 0);
    }

    InetSocketAddress address(String listener) {
        return as().address(listener);
    }

    Future<Void> undeploy() {
        return vertx.undeploy(deployment);
    }

    @Override
    public void close() throws TimeoutException {
        vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
