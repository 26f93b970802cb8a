package dev.vecho.services;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.FailureReason;
import dev.vecho.core.Receiver;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.TransportException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a client, and that to the server which it is passed on to. Each way is held back by who reads it, each end is
 * passed on by itself, and where one connection breaks the other is reset. Used on the event loop of both.
 */
final class Relay implements Receiver {

    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    /** How much may wait for the server before no more is read from the client. */
    private static final int MOST_WAITING = 256 * 1024;

    private final Vertx vertx;
    private final ServiceStream client;
    private final ClientTransport transport;
    private final String to;
    private final boolean secure;
    private final Duration timeout;
    private @Nullable Connection server;
    private long timer;
    private int waiting;
    private boolean clientPaused;
    private boolean serverPaused;
    private boolean clientEnded;

    /** Whether the server has all of the client's, with its end. */
    private boolean passedOn;

    private boolean serverEnded;
    private boolean over;

    Relay(Vertx vertx, ServiceStream client, ClientTransport transport, String to, boolean secure, Duration timeout) {
        this.vertx = vertx;
        this.client = client;
        this.transport = transport;
        this.to = to;
        this.secure = secure;
        this.timeout = timeout;
    }

    void begin() {
        client.closeHandler(closed -> clientClosed());
        client.drainHandler(room -> readServer());
        timer = vertx.setTimer(
                timeout.toMillis(), late -> giveUp("no connection to " + to + " in " + timeout.toMillis() + " ms"));
        transport.connect(this).compose(this::connected).onComplete(ready -> {
            vertx.cancelTimer(timer);
            if (ready.failed()) {
                giveUp(String.valueOf(ready.cause().getMessage()));
            } else if (!over) {
                client.endHandler(ended -> clientEnded());
                client.handler(this::fromClient);
            }
        });
    }

    private Future<Void> connected(Connection opened) {
        if (over) {
            opened.reset();
            return Future.succeededFuture();
        }
        server = opened;
        readServer();
        return secure ? opened.startTls() : Future.succeededFuture();
    }

    // From the client.

    private void fromClient(Buffer bytes) {
        Connection to = server;
        if (over || to == null) {
            return;
        }
        waiting += bytes.length();
        if (waiting >= MOST_WAITING && !clientPaused) {
            clientPaused = true;
            client.pause();
        }
        to.send(bytes).onComplete(sent -> {
            waiting -= bytes.length();
            if (sent.failed()) {
                giveUp(String.valueOf(sent.cause().getMessage()));
            } else if (clientPaused && waiting < MOST_WAITING) {
                clientPaused = false;
                client.resume();
            }
        });
    }

    private void clientEnded() {
        clientEnded = true;
        Connection to = server;
        if (over || to == null) {
            return;
        }
        to.closeOutput().onComplete(closed -> {
            if (closed.failed()) {
                giveUp(String.valueOf(closed.cause().getMessage()));
            } else {
                passedOn = true;
                endIfBothHave();
            }
        });
    }

    /** Whatever it was: an orderly end comes last, and finds the server closed. */
    private void clientClosed() {
        if (!over) {
            over = true;
            resetServer();
        }
    }

    // From the server.

    @Override
    public void received(Buffer bytes) {
        if (over) {
            return;
        }
        client.write(Buffer.buffer(bytes.getBytes()));
        readServer();
    }

    private void readServer() {
        Connection from = server;
        boolean wait = client.writeQueueFull();
        if (over || from == null || wait == serverPaused) {
            return;
        }
        serverPaused = wait;
        if (wait) {
            from.pause();
        } else {
            from.resume();
        }
    }

    @Override
    public void ended() {
        if (!over) {
            serverEnded = true;
            if (!clientEnded) {
                client.closeOutput();
            }
            endIfBothHave();
        }
    }

    @Override
    public void failed(TransportException cause) {
        giveUp(String.valueOf(cause.getMessage()));
    }

    // How it ends.

    private void endIfBothHave() {
        Connection gone = server;
        if (passedOn && serverEnded && gone != null && !over) {
            over = true;
            client.end();
            gone.close();
        }
    }

    private void giveUp(String why) {
        if (over) {
            return;
        }
        over = true;
        vertx.cancelTimer(timer);
        LOG.debug("{}: {}", to, why);
        resetServer();
        client.reset(FailureReason.UPSTREAM);
    }

    private void resetServer() {
        vertx.cancelTimer(timer);
        Connection open = server;
        if (open != null) {
            open.reset();
        }
    }
}
