package dev.vecho.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A busy server on a Unix domain socket. */
class UnixBacklogTest {

    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    Path directory;

    @Test
    void waitsForAServerWhoseBacklogIsFull() throws Exception {
        Path path = directory.resolve("busy.sock");
        Vertx vertx = Vertx.builder().withTransport(Io.transport(Io.AUTO)).build();
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path), 1);
            assertThat(fill(path, waiting)).contains("temporarily unavailable");

            Future<Connection> connecting = connect(vertx, "unix://" + path);
            // Later than several attempts.
            await(vertx.timer(100, TimeUnit.MILLISECONDS));
            assertThat(connecting.isComplete())
                    .as(() -> String.valueOf(connecting.cause()))
                    .isFalse();

            for (int i = 0; i <= waiting.size(); i++) {
                server.accept().close();
            }
            await(connecting);
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
            await(vertx.close());
        }
    }

    /** Connects until no more can wait to be accepted; returns what the system says then. */
    private static String fill(Path path, List<SocketChannel> waiting) throws IOException {
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.configureBlocking(false);
            try {
                channel.connect(UnixDomainSocketAddress.of(path));
                waiting.add(channel);
            } catch (IOException e) {
                channel.close();
                return String.valueOf(e.getMessage());
            }
        }
    }

    private static Future<Connection> connect(Vertx vertx, String target) {
        Problems problems = new Problems();
        Options options = Options.of(new JsonObject(), Source.named("test"), problems);
        ClientTransport client = new UnixTransport().client(vertx, Target.parse(target), options);
        problems.throwIfAny();
        Promise<Connection> connected = Promise.promise();
        vertx.runOnContext(start -> client.connect(Receiver.NONE).onComplete(connected));
        return connected.future();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
