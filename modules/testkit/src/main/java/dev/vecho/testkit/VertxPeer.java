package dev.vecho.testkit;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.internal.net.QuicConnectionInternal;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.QuicConfig;
import io.vertx.core.net.QuicServer;
import io.vertx.core.net.QuicServerConfig;
import io.vertx.core.net.QuicStream;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Servers of what the JDK does not have, QUIC and the event bus, by Vert.x. */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write or close is moot: the client went away.
final class VertxPeer {

    private static final int RESET = 7;

    private VertxPeer() {}

    /** What a session does, away from the event loop, one after the other. */
    private interface Task {
        void run() throws IOException;
    }

    private static void later(Context context, Task task) {
        Future<Void> done = context.executeBlocking(
                () -> {
                    task.run();
                    return null;
                },
                true);
        done.onFailure(failure -> System.getLogger(Lab.class.getName())
                .log(System.Logger.Level.DEBUG, "the client went away: " + failure));
    }

    /** A server, and the port that it has. */
    record Listening(QuicServer server, int port) {}

    /** Listens; every stream is a connection to a fault. */
    static Listening quic(Vertx vertx, LabFault fault, Certificates.Issued issued) {
        AtomicInteger count = new AtomicInteger();
        QuicServerConfig config =
                new QuicServerConfig().setTransportConfig(QuicConfig.forServer().setInitialMaxStreamsBidi(100));
        ServerSSLOptions tls = new ServerSSLOptions()
                .setKeyCertOptions(new PemKeyCertOptions()
                        .addCertPath(issued.certificate().toString())
                        .addKeyPath(issued.key().toString()));
        tls.setApplicationLayerProtocols(List.of("echo")).setEnabledSecureTransportProtocols(Set.of("TLSv1.3"));
        QuicServer server = vertx.createQuicServer(config, tls)
                .connectHandler(connection -> connection.streamHandler(
                        stream -> open(vertx, stream, fault.session(count.getAndIncrement()))));
        return new Listening(server, server.listen(0, "127.0.0.1").await().port());
    }

    private static void open(Vertx vertx, QuicStream stream, LabFault.Session session) {
        Context context = vertx.getOrCreateContext();
        LabFault.Peer peer = new StreamPeer(stream);
        stream.exceptionHandler(failure -> {});
        stream.handler(bytes -> {
            byte[] copy = bytes.getBytes();
            later(context, () -> session.received(peer, copy));
        });
        stream.endHandler(ended -> later(context, () -> session.ended(peer)));
        later(context, () -> session.connected(peer));
    }

    private record StreamPeer(QuicStream stream) implements LabFault.Peer {

        @Override
        public void send(byte[] bytes) throws IOException {
            try {
                // Netty forgets to say that a connection is closed while something still waits to be written.
                stream.write(Buffer.buffer(bytes))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(10, TimeUnit.SECONDS);
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                throw new IOException("not written", e);
            }
        }

        @Override
        public void end() {
            stream.end();
        }

        @Override
        public void cut() {
            // Vert.x waits for streams to end before it closes their connection.
            ((QuicConnectionInternal) stream.connection())
                    .channelHandlerContext()
                    .pipeline()
                    .firstContext()
                    .close();
        }

        @Override
        public void reset() {
            stream.reset(RESET);
        }
    }

    /** Listens; all messages are of one connection. */
    static MessageConsumer<Object> bus(Vertx vertx, String address, LabFault fault) {
        LabFault.Session session = fault.session(0);
        Context context = vertx.getOrCreateContext();
        MessageConsumer<Object> consumer = vertx.eventBus().consumer(address);
        consumer.handler(message -> {
            byte[] bytes = ((Buffer) message.body()).getBytes();
            later(context, () -> session.received(new BusPeer(message), bytes));
        });
        return consumer;
    }

    private record BusPeer(Message<Object> message) implements LabFault.Peer {

        @Override
        public void send(byte[] bytes) {
            message.reply(Buffer.buffer(bytes));
        }

        @Override
        public void end() {
            // Messages know none.
        }

        @Override
        public void cut() {
            // Nor this.
        }

        @Override
        public void reset() {
            // Nor this.
        }
    }
}
