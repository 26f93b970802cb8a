package dev.vecho.transport.eventbus;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One message, sent until it is answered. Vert.x never says that a request went to a member that is gone: neither a
 * connection that is refused nor one that breaks ends it, and a member without a consumer says nothing. It is sent once
 * more after a short while, to the member whose turn it is, and the first answer counts; a request that is only slow is
 * still listened for. An echo may well be made twice. Used on one event loop only.
 */
final class EventBusRequest {

    /** How long to wait before the message is sent a second time; each further wait is twice as long. */
    static final long FIRST_WAIT_MILLIS = 250;

    /** The same before anybody has answered: the first request has to find members and to connect to one. */
    private static final long FIRST_WAIT_COLD_MILLIS = 1000;

    /** For each millisecond more a message may have so many bytes: a large one that is on its way is not sent again. */
    private static final int BYTES_PER_MILLI = 1024;

    private static final int MAX_TRIES = 6;

    /** Whoever waits for an answer has given up long before. */
    private static final long TRY_MILLIS = 600_000;

    /** While the cluster makes up for a member that is gone, nobody may seem to listen. */
    private static final int MAX_ABSENCES = 3;

    private static final long ABSENCE_MILLIS = 100;

    private static final Logger LOG = LoggerFactory.getLogger(EventBusRequest.class);

    private final EventBusClientTransport transport;
    private final Runnable repeated;
    private final Promise<Buffer> answer = Promise.promise();
    private @Nullable Buffer message;
    private long wait;
    private int tries;
    private int underWay;
    private int absences;
    private long timer = -1;

    /**
     * A message that is not sent yet.
     *
     * @param repeated called each time that the message is sent once more
     */
    EventBusRequest(EventBusClientTransport transport, Buffer message, Runnable repeated) {
        this.transport = transport;
        this.message = message;
        this.repeated = repeated;
        this.wait = (transport.answered() ? FIRST_WAIT_MILLIS : FIRST_WAIT_COLD_MILLIS)
                + message.length() / BYTES_PER_MILLI;
    }

    /** Fails with a {@link TransportException}. The answer is valid during its handlers only. */
    Future<Buffer> send() {
        sendOnce();
        return answer.future();
    }

    /** Ends the waiting. */
    void abandon(TransportException cause) {
        finish();
        answer.tryFail(cause);
    }

    private void sendOnce() {
        Buffer body = message;
        if (body == null) {
            return;
        }
        if (tries++ > 0) {
            repeated.run();
            LOG.debug("bus://{}: sent once more, try {}", transport.address(), tries);
        }
        underWay++;
        if (tries < MAX_TRIES) {
            sendAgainAfter(wait);
            wait *= 2;
        }
        try {
            transport
                    .vertx()
                    .eventBus()
                    .<Object>request(transport.address(), body, new DeliveryOptions().setSendTimeout(TRY_MILLIS))
                    .onComplete(this::done);
        } catch (RuntimeException e) {
            // The event bus is closed.
            fail(new TransportException(Fault.OTHER, where() + " cannot be sent to: " + e.getMessage(), e));
        }
    }

    private void sendAgainAfter(long millis) {
        transport.vertx().cancelTimer(timer);
        timer = transport.vertx().setTimer(millis, fired -> sendOnce());
    }

    private void done(AsyncResult<Message<Object>> result) {
        underWay--;
        if (message == null) {
            return;
        }
        if (result.succeeded()) {
            answered(result.result().body());
            return;
        }
        Throwable cause = result.cause();
        ReplyFailure kind = cause instanceof ReplyException reply ? reply.failureType() : ReplyFailure.ERROR;
        switch (kind) {
            case NO_HANDLERS -> absent(cause);
            case TIMEOUT -> discarded(cause);
            case RECIPIENT_FAILURE ->
                fail(new TransportException(
                        Fault.OTHER, where() + " refused the message: " + cause.getMessage(), cause));
            default -> fail(new TransportException(Fault.OTHER, where() + ": " + cause.getMessage(), cause));
        }
    }

    private void answered(@Nullable Object body) {
        if (body instanceof Buffer bytes) {
            finish();
            answer.tryComplete(bytes);
        } else if (body instanceof byte[] bytes) {
            finish();
            answer.tryComplete(Buffer.buffer(bytes));
        } else {
            String what = body == null ? "null" : "a " + body.getClass().getSimpleName();
            fail(new TransportException(Fault.OTHER, where() + " answered a buffer with " + what, null));
        }
    }

    private void absent(Throwable cause) {
        boolean wasThere = transport.answered() || tries > 1;
        if (wasThere && absences < MAX_ABSENCES) {
            absences++;
            sendAgainAfter(ABSENCE_MILLIS);
        } else {
            fail(new TransportException(Fault.REFUSED, "nobody listens on " + where(), cause));
        }
    }

    /** A consumer that goes away gives back at once what it has not looked at. */
    private void discarded(Throwable cause) {
        if (tries < MAX_TRIES) {
            sendAgainAfter(1);
        } else if (underWay == 0) {
            fail(new TransportException(Fault.TIMEOUT, where() + " did not answer", cause));
        }
    }

    private void fail(TransportException cause) {
        finish();
        answer.tryFail(cause);
    }

    private void finish() {
        message = null;
        transport.vertx().cancelTimer(timer);
    }

    private String where() {
        return "bus://" + transport.address();
    }
}
