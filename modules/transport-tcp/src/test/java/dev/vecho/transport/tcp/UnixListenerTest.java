package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The file of a Unix domain socket: who may use it, and what becomes of it. */
@ExtendWith(VertxExtension.class)
class UnixListenerTest {

    @TempDir
    Path directory;

    @Test
    void setsTheModeAndRemovesTheFileInTheEnd(Vertx vertx, VertxTestContext test) {
        Path path = directory.resolve("echo.sock");
        listen(vertx, new JsonObject().put("path", path.toString()).put("mode", "0660"))
                .compose(listener -> {
                    assertThat(listener.addresses()).containsExactly("unix://" + path);
                    assertThat(mode(path)).isEqualTo("rw-rw----");
                    return listener.drain(Duration.ZERO);
                })
                .onComplete(test.succeeding(closed -> test.verify(() -> {
                    assertThat(path).doesNotExist();
                    test.completeNow();
                })));
    }

    @Test
    void letsOnlyItsOwnUserInByDefault(Vertx vertx, VertxTestContext test) {
        Path path = directory.resolve("echo.sock");
        listen(vertx, new JsonObject().put("path", path.toString()))
                .onComplete(test.succeeding(listener -> test.verify(() -> {
                    assertThat(mode(path)).isEqualTo("rw-------");
                    test.completeNow();
                })));
    }

    @Test
    void replacesAStaleSocketFile(Vertx vertx, VertxTestContext test) throws Exception {
        Path path = directory.resolve("stale.sock");
        // The JDK leaves the file behind, as a crash does.
        try (ServerSocketChannel crashed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            crashed.bind(UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        listen(vertx, new JsonObject().put("path", path.toString())).onComplete(test.succeedingThenComplete());
    }

    @Test
    void leavesASocketAloneThatIsInUse(Vertx vertx, VertxTestContext test) throws Exception {
        Path path = directory.resolve("used.sock");
        ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        other.bind(UnixDomainSocketAddress.of(path));
        listen(vertx, new JsonObject().put("path", path.toString()))
                .onComplete(test.failing(failure -> test.verify(() -> {
                    assertThat(failure).hasMessage("cannot bind " + path + ": address already in use");
                    assertThat(path).exists();
                    other.close();
                    test.completeNow();
                })));
    }

    @Test
    void leavesAFileAloneThatIsNoSocket(Vertx vertx, VertxTestContext test) throws Exception {
        Path path = Files.writeString(directory.resolve("notes.txt"), "precious");
        listen(vertx, new JsonObject().put("path", path.toString()))
                .onComplete(test.failing(failure -> test.verify(() -> {
                    assertThat(failure).hasMessage("cannot bind " + path + ": a file that is no socket is in the way");
                    assertThat(path).hasContent("precious");
                    test.completeNow();
                })));
    }

    @ParameterizedTest
    @MethodSource("ios")
    void saysWhereItCannotRun(String io) throws Exception {
        Vertx vertx = Vertx.builder().withTransport(Io.transport(io)).build();
        try {
            assertThat(new UnixTransport().unavailable(vertx).isPresent())
                    .isEqualTo(io.equals("nio") || io.equals("io_uring"));
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    static List<String> ios() {
        return Io.available();
    }

    @Test
    void namesWhatIsWrong(Vertx vertx) {
        assertThat(problems(vertx, new JsonObject()))
                .containsExactly("test: path: is missing: the socket's file, or \"@\" and the name of an abstract one");
        assertThat(problems(
                        vertx,
                        new JsonObject().put("path", "a.sock").put("mode", "rw").put("pathe", 1)))
                .containsExactly(
                        "test: mode: must be three octal digits such as \"0660\", was \"rw\"",
                        "test: pathe: is not a known key, did you mean \"path\"?");
        assertThat(problems(vertx, new JsonObject().put("path", "/" + "x".repeat(200))))
                .singleElement()
                .asString()
                .startsWith("test: path: must be at most 107 bytes when absolute, was 201");
    }

    @Test
    void namesWhatIsWrongWithAnAbstractSocket(Vertx vertx) {
        assertThat(problems(vertx, new JsonObject().put("path", "@a").put("mode", "0600")))
                .containsExactly("test: mode: has no meaning for an abstract socket, which has no file");
        assertThat(problems(vertx, new JsonObject().put("path", "@")))
                .containsExactly("test: path: has no name after its \"@\"");
        assertThat(problems(vertx, new JsonObject().put("path", "@a\0b")))
                .containsExactly("test: path: must have no NUL");
        assertThat(problems(vertx, new JsonObject().put("path", "@" + "x".repeat(107))))
                .isEmpty();
        assertThat(problems(vertx, new JsonObject().put("path", "@" + "x".repeat(108))))
                .containsExactly("test: path: must have at most 107 bytes after its \"@\", was 108");
    }

    /** One whose name is a socket's, and which is none. */
    @Test
    void takesAFileForAFileThatIsNamedWithAPath(Vertx vertx, VertxTestContext test) {
        Path path = directory.resolve("@echo.sock");
        listen(vertx, new JsonObject().put("path", path.toString()))
                .onComplete(test.succeeding(listener -> test.verify(() -> {
                    assertThat(path).exists();
                    assertThat(listener.addresses()).containsExactly("unix://" + path);
                    test.completeNow();
                })));
    }

    private static String mode(Path path) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> problems(Vertx vertx, JsonObject options) {
        try {
            open(vertx, options);
            return List.of();
        } catch (InvalidInputException e) {
            return e.problems();
        }
    }

    private static ServerTransport open(Vertx vertx, JsonObject options) {
        Problems problems = new Problems();
        ServerTransport server = new UnixTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        return server;
    }

    private static Future<Listener> listen(Vertx vertx, JsonObject options) {
        return open(vertx, options).listen(new Traffic());
    }
}
