package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Connection;
import dev.vecho.core.Listener;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Abstract Unix domain sockets, which Linux has, with a foreign program at the other end. */
class UnixAbstractTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final String TEXT = "This is the message.  It will be repeated.";

    private final String name = "vecho-test-" + UUID.randomUUID();
    private final ForeignProgram socat = ForeignProgram.find("socat", "apt-get install socat");
    private Vertx vertx;

    @SuppressWarnings("NullAway.Init") // open sets the rest.
    UnixAbstractTest() {}

    @BeforeEach
    void open() {
        Io.unavailable("epoll").ifPresent(why -> {
            throw ForeignProgram.missing("abstract sockets need epoll: " + why);
        });
        vertx = Vertx.builder().withTransport(Io.transport("epoll")).build();
    }

    @AfterEach
    void close() throws Exception {
        await(vertx.close());
    }

    @Test
    void echoesToAForeignClient() throws Exception {
        Listener listener = await(onContext(() -> listen(vertx)));
        assertThat(listener.addresses()).containsExactly("unix:@" + name);
        assertThat(Path.of("@" + name)).doesNotExist();
        byte[] bytes = TEXT.repeat(10_000).getBytes(StandardCharsets.UTF_8);
        assertThat(socat.run(bytes, "-t60", "-", "ABSTRACT-CONNECT:" + name)
                        .out()
                        .getBytes())
                .isEqualTo(bytes);
        await(listener.drain(Duration.ZERO));
        assertThat(socat.run(new byte[0], "-", "ABSTRACT-CONNECT:" + name).err())
                .contains("Connection refused");
    }

    @Test
    void refusesANameThatIsInUse() throws Exception {
        Listener first = await(onContext(() -> listen(vertx)));
        Vertx other = Vertx.builder().withTransport(Io.transport("epoll")).build();
        for (Vertx each : new Vertx[] {vertx, other}) {
            assertThatThrownBy(() -> await(onContext(() -> listen(each))))
                    .cause()
                    .hasMessageStartingWith("cannot bind @" + name + ": ")
                    .hasMessageContaining("ddress already in use");
        }
        await(other.close());
        await(first.drain(Duration.ZERO));
        await(await(onContext(() -> listen(vertx))).drain(Duration.ZERO));
    }

    @Test
    void connectsToAForeignServer() throws Exception {
        Process server = socat.start("-d", "-d", "ABSTRACT-LISTEN:" + name, "EXEC:cat");
        try (BufferedReader err = server.errorReader()) {
            String line = err.readLine();
            while (line != null && !line.contains("listening on")) {
                line = err.readLine();
            }
            assertThat(line).isNotNull();
            CompletableFuture<String> echo = new CompletableFuture<>();
            Connection connection = await(onContext(() -> connect("unix:@" + name, new Receiver() {
                private final Buffer all = Buffer.buffer();

                @Override
                public void received(Buffer bytes) {
                    if (all.appendBuffer(bytes).length() == TEXT.length()) {
                        echo.complete(all.toString());
                    }
                }

                @Override
                public void ended() {
                    echo.complete(all.toString());
                }

                @Override
                public void failed(TransportException cause) {
                    echo.completeExceptionally(cause);
                }
            })));
            assertThat(connection.remoteAddress()).isEqualTo("@" + name);
            await(onContext(() -> connection.send(Buffer.buffer(TEXT))));
            assertThat(echo.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(TEXT);
            await(onContext(connection::close));
        } finally {
            server.destroyForcibly();
        }
    }

    @Test
    void saysThatNobodyListens() {
        assertThatThrownBy(() -> await(onContext(() -> connect("unix:@" + name, new Receiver() {
                    @Override
                    public void received(Buffer bytes) {}

                    @Override
                    public void ended() {}

                    @Override
                    public void failed(TransportException cause) {}
                }))))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .hasMessage("nobody listens on @" + name)
                .isInstanceOfSatisfying(
                        TransportException.class, e -> assertThat(e.fault()).isEqualTo(Fault.REFUSED));
    }

    @Test
    void refusesATargetWithoutAName() {
        Problems problems = new Problems();
        new UnixTransport()
                .client(vertx, Target.parse("unix:@"), Options.of(new JsonObject(), Source.named("test"), problems));
        assertThatThrownBy(problems::throwIfAny)
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("test: unix:@: path: has no name after its \"@\"");
    }

    private Future<Listener> listen(Vertx on) {
        Problems problems = new Problems();
        JsonObject options = new JsonObject().put("path", "@" + name);
        var server = new UnixTransport().server(on, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        return server.listen(new Traffic());
    }

    private Future<Connection> connect(String target, Receiver receiver) {
        Problems problems = new Problems();
        var client = new UnixTransport()
                .client(vertx, Target.parse(target), Options.of(new JsonObject(), Source.named("test"), problems));
        problems.throwIfAny();
        return client.connect(receiver);
    }

    private <T> Future<T> onContext(Supplier<Future<T>> task) {
        io.vertx.core.Promise<T> promise = io.vertx.core.Promise.promise();
        vertx.runOnContext(start -> task.get().onComplete(promise));
        return promise.future();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
