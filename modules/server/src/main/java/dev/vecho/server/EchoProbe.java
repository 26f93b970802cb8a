package dev.vecho.server;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a listener echoes, as a client of its own: through a new connection of the listener's transport to one of its
 * addresses. It trusts whatever certificate comes. Used on one event loop.
 */
public final class EchoProbe {

    /** All of it, from the connection to the last byte. */
    public static final long BOUND_MILLIS = 5000;

    /** A datagram may get lost, also on its way to this machine itself. */
    private static final long RESEND_MILLIS = 500;

    private static final int PAYLOAD_BYTES = 8;

    private static final List<String> WANTS_CERTIFICATE =
            List.of("client-certificate-required", "client-certificate-refused");

    private final Vertx vertx;
    private final Transports transports;

    /**
     * Makes one.
     *
     * @param transports that its listeners are of
     */
    public EchoProbe(Vertx vertx, Transports transports) {
        this.vertx = vertx;
        this.transports = transports;
    }

    /**
     * What was found of one address that echoes.
     *
     * @param address as a target
     * @param checked {@code echo}, or {@code handshake} where nothing more can be had without the certificate of a client
     * @param nanos how long it took
     */
    public record Found(String address, String checked, long nanos) {

        /** For those who read JSON, with the time in milliseconds. */
        public JsonObject toJson() {
            return new JsonObject()
                    .put("address", address)
                    .put("checked", checked)
                    .put("millis", Math.round(nanos / 1e4) / 100.0);
        }
    }

    /**
     * Asks one address.
     *
     * @param address as the listener tells it
     * @param own the options of the listener's own clients, see {@link dev.vecho.core.Listener#ownClient}
     * @return fails with a message that says what is wrong
     */
    public Future<Found> ask(String address, JsonObject own) {
        long start = System.nanoTime();
        return vertx.executeBlocking(() -> client(reachable(address), own), false)
                .compose(client -> new Attempt(client)
                        .run()
                        .eventually(client.transport()::close)
                        .map(checked -> new Found(address, checked, System.nanoTime() - start)));
    }

    /** The address to connect to where a listener has all of them: the one of this machine. */
    private static String reachable(String address) {
        return address.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:");
    }

    private record Client(ClientTransport transport, Framing framing) {}

    private Client client(String address, JsonObject own) {
        Target target = Target.parse(address);
        Transport transport = transports.reaching(vertx, target);
        Problems problems = new Problems();
        Options options = new Options(own, path -> Source.named("probe"), problems);
        ClientTransport client = transport.client(vertx, target, options);
        problems.throwIfAny();
        return new Client(client, transport.framing());
    }

    /** One connection, on the event loop of who runs it. */
    private final class Attempt implements Receiver {

        private final Client client;
        private final Promise<String> result = Promise.promise();
        private final byte[] payload = new byte[PAYLOAD_BYTES];
        private final Buffer echoed = Buffer.buffer();
        private @Nullable Connection connection;
        private long timer;
        private String doing = "connect";

        Attempt(Client client) {
            this.client = client;
            ThreadLocalRandom.current().nextBytes(payload);
        }

        Future<String> run() {
            timer = vertx.setTimer(
                    BOUND_MILLIS, late -> result.tryFail("no answer in " + BOUND_MILLIS + " ms (" + doing + ")"));
            client.transport()
                    .connect(this)
                    .compose(opened -> {
                        connection = opened;
                        return begin(opened);
                    })
                    .onFailure(this::fail);
            return result.future().eventually(this::end);
        }

        private Future<Void> begin(Connection opened) {
            doing = "echo";
            return client.framing() == Framing.STREAM
                    ? opened.send(Buffer.buffer(payload)).compose(sent -> opened.closeOutput())
                    : sendAgain(opened);
        }

        private Future<Void> sendAgain(Connection opened) {
            return opened.send(Buffer.buffer(payload)).onSuccess(sent -> {
                if (!result.future().isComplete()) {
                    vertx.setTimer(RESEND_MILLIS, quiet -> {
                        if (!result.future().isComplete()) {
                            sendAgain(opened).onFailure(this::fail);
                        }
                    });
                }
            });
        }

        private Future<Void> end() {
            vertx.cancelTimer(timer);
            return connection == null ? Future.succeededFuture() : connection.close();
        }

        @Override
        public void received(Buffer bytes) {
            echoed.appendBuffer(bytes);
            byte[] all = echoed.getBytes();
            if (Arrays.equals(all, payload)) {
                result.tryComplete("echo");
            } else if (all.length >= PAYLOAD_BYTES) {
                result.tryFail("what came back is not what was sent");
            }
        }

        @Override
        public void ended() {
            result.tryFail("the connection was closed after " + echoed.length() + " of " + PAYLOAD_BYTES + " bytes");
        }

        @Override
        public void failed(TransportException cause) {
            fail(cause);
        }

        private void fail(Throwable cause) {
            if (cause instanceof TransportException known
                    && known.fault() == Fault.TLS
                    && WANTS_CERTIFICATE.contains(String.valueOf(known.reason()))) {
                result.tryComplete("handshake");
            } else {
                result.tryFail(cause);
            }
        }
    }
}
