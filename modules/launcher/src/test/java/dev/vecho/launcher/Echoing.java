package dev.vecho.launcher;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.TransportException;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connection, of any transport, on which a block of bytes is under way all the time: each echo is compared, byte by byte, and
 * answered with the next block. What is not as it should be is noted, and ends it.
 */
final class Echoing implements Receiver {

    private static final Transports TRANSPORTS = Transports.load();

    /** Fits into a datagram. */
    private static final int BLOCK = 1000;

    private final Vertx vertx;
    private final ClientTransport transport;
    private final long pauseMillis;
    private @Nullable Connection connection;
    private @Nullable Context context;
    private long sent;
    private volatile long received;
    private volatile @Nullable String fault;
    private volatile boolean ended;
    private @Nullable Promise<Void> stopping;
    private boolean over;

    private Echoing(Vertx vertx, ClientTransport transport, long pauseMillis) {
        this.vertx = vertx;
        this.transport = transport;
        this.pauseMillis = pauseMillis;
    }

    /**
     * Connects, on an event loop of its own. Blocks while it reads the options.
     *
     * @param options as for {@link dev.vecho.core.Transport#client}
     * @param pauseMillis between an echo and the next block; 0 for none
     */
    static Future<Echoing> open(Vertx vertx, String address, JsonObject options, long pauseMillis) {
        Target target = Target.parse(address);
        Problems problems = new Problems();
        Options read = Options.of(options, Source.named("test"), problems);
        read.has("options");
        ClientTransport transport = TRANSPORTS.reaching(vertx, target).client(vertx, target, read);
        problems.throwIfAny();
        Echoing echoing = new Echoing(vertx, transport, pauseMillis);
        Promise<Echoing> opened = Promise.promise();
        vertx.runOnContext(here -> {
            echoing.context = vertx.getOrCreateContext();
            transport
                    .connect(echoing)
                    .<Echoing>map(connection -> {
                        echoing.connection = connection;
                        echoing.send();
                        return echoing;
                    })
                    .onFailure(failure -> transport.close())
                    .onComplete(opened);
        });
        return opened.future();
    }

    private static byte at(long position) {
        return (byte) (position * 31 + (position >> 8));
    }

    private void send() {
        byte[] block = new byte[BLOCK];
        for (int i = 0; i < BLOCK; i++) {
            block[i] = at(sent + i);
        }
        sent += BLOCK;
        Objects.requireNonNull(connection)
                .send(Buffer.buffer(block))
                .onFailure(failure -> fail("cannot send: " + failure.getMessage()));
    }

    @Override
    public void received(Buffer bytes) {
        for (int i = 0; i < bytes.length(); i++) {
            if (bytes.getByte(i) != at(received + i)) {
                fail("byte " + (received + i) + " is another one");
                return;
            }
        }
        long now = received + bytes.length();
        received = now;
        if (received > sent) {
            fail("more came than was sent");
        } else if (received == sent && stopping != null) {
            end();
        } else if (received == sent && pauseMillis == 0) {
            send();
        } else if (received == sent) {
            vertx.setTimer(pauseMillis, fired -> {
                if (stopping != null) {
                    end();
                } else if (!over) {
                    send();
                }
            });
        }
    }

    @Override
    public void ended() {
        if (!over && received == sent) {
            ended = true;
            end();
        } else {
            fail("the listener ended it after " + received + " of " + sent + " bytes");
        }
    }

    @Override
    public void failed(TransportException cause) {
        fail("broken after " + received + " of " + sent + " bytes: " + cause.getMessage());
    }

    private void fail(String what) {
        if (!over) {
            fault = what;
            end();
        }
    }

    private void end() {
        over = true;
        transport.close().onComplete(closed -> {
            if (stopping != null) {
                stopping.tryComplete();
            }
        });
    }

    /** Takes the last echo and closes it. */
    Future<Void> stop() {
        Promise<Void> stopped = Promise.promise();
        Objects.requireNonNull(context).runOnContext(here -> {
            stopping = stopped;
            if (over) {
                stopped.complete();
            }
        });
        return stopped.future();
    }

    /** What was wrong; null for nothing. */
    @Nullable String fault() {
        return fault;
    }

    /** Whether the listener has ended it in order, with nothing under way. */
    boolean isEnded() {
        return ended;
    }

    /** How many bytes have come back. */
    long received() {
        return received;
    }
}
