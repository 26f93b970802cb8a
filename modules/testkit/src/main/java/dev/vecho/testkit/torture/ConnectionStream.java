package dev.vecho.testkit.torture;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.TransportException;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.EchoClient;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Supplier;

/** A connection by the transport that the check uses; what comes is queued, however slowly somebody reads it. */
final class ConnectionStream implements EchoClient {

    private final Context context;
    private final ClientTransport transport;
    private final Connection connection;
    private final QueuedInput input;

    private ConnectionStream(Context context, ClientTransport transport, Connection connection, QueuedInput input) {
        this.context = context;
        this.transport = transport;
        this.connection = connection;
        this.input = input;
    }

    /** Connects to a target, whose certificate is not verified. */
    static ConnectionStream connect(Vertx vertx, String uri) throws IOException {
        Context context = vertx.getOrCreateContext();
        ClientTransport transport = transport(vertx, uri);
        QueuedInput input = new QueuedInput(() -> {});
        try {
            Connection connection = Blocking.get(on(context, () -> transport.connect(new Ear(input))));
            return new ConnectionStream(context, transport, connection, input);
        } catch (IOException e) {
            Blocking.get(transport.close());
            throw e;
        }
    }

    private static ClientTransport transport(Vertx vertx, String uri) {
        Target target = Target.parse(uri);
        Problems problems = new Problems();
        JsonObject json = new JsonObject().put("tls", new JsonObject().put("insecure", true));
        Options options = Options.of(json, Source.named("torture"), problems);
        ClientTransport transport = Transports.load().reaching(vertx, target).client(vertx, target, options);
        problems.throwIfAny();
        return transport;
    }

    /** Does something on an event loop. */
    private static <T> Future<T> on(Context context, Supplier<Future<T>> action) {
        Promise<T> promise = Promise.promise();
        context.runOnContext(now -> action.get().onComplete(promise));
        return promise.future();
    }

    private record Ear(QueuedInput input) implements Receiver {

        @Override
        public void received(Buffer bytes) {
            input.came(bytes.getBytes());
        }

        @Override
        public void ended() {
            input.ended();
        }

        @Override
        public void failed(TransportException cause) {
            input.failed(cause.toString());
        }
    }

    @Override
    public OutputStream out() {
        return Blocking.output(bytes -> on(context, () -> connection.send(bytes)));
    }

    @Override
    public InputStream in() {
        return input;
    }

    @Override
    public void closeOutput() throws IOException {
        Blocking.get(on(context, connection::closeOutput));
    }

    @Override
    public void reset() throws IOException {
        input.failed("we have reset it");
        Blocking.get(on(context, connection::reset));
    }

    @Override
    public void close() throws IOException {
        Blocking.get(on(context, connection::close));
        input.failed("we have closed it");
        Blocking.get(transport.close());
    }
}
