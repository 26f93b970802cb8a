package dev.vecho.transport.eventbus;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.FailureReason;
import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.MessageConsumerOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's consumer of one address. Each message is answered with its own body and headers: nothing is kept. Of
 * its {@link Traffic} a message is a connection: accepted, and failed where it could not be answered; refused where it was
 * too large. Bytes are those of buffers, byte arrays and texts; of other bodies none are counted.
 */
final class EventBusListener implements Listener {

    /** The failure code of a message that cannot be echoed; the values are those of HTTP, for lack of others. */
    static final int NOT_ECHOABLE = 415;

    /** The failure code of a message that is too large. */
    static final int TOO_LARGE = 413;

    private static final Logger LOG = LoggerFactory.getLogger(EventBusListener.class);

    private final String address;
    private final boolean localOnly;
    private final Supplier<EventBusListenerOptions> options;
    private final Traffic traffic;
    private final MessageConsumer<Object> consumer;

    /**
     * Made on the event loop that it works on.
     *
     * @param options asked for each message
     */
    EventBusListener(
            Vertx vertx,
            String address,
            boolean localOnly,
            Supplier<EventBusListenerOptions> options,
            Traffic traffic) {
        this.address = address;
        this.localOnly = localOnly;
        this.options = options;
        this.traffic = traffic;
        this.consumer = vertx.eventBus()
                .consumer(new MessageConsumerOptions().setAddress(address).setLocalOnly(localOnly));
        VertxInternals.onDiscard(consumer, this::echo);
    }

    /** Completes when all members of the cluster can know. */
    Future<Void> open() {
        consumer.handler(this::echo);
        return consumer.completion();
    }

    private void echo(Message<Object> message) {
        Object body = message.body();
        long size = size(body);
        EventBusListenerOptions now = options.get();
        int most = now.maxMessageBytes();
        if (size > most) {
            traffic.refuse("over maxMessageBytes");
            message.fail(TOO_LARGE, "a message must have at most " + most + " bytes here, this one has " + size);
            return;
        }
        traffic.open(Integer.MAX_VALUE);
        traffic.received(Math.max(size, 0));
        ConfiguredService service = now.service();
        if (service != null) {
            serve(service, message, body);
        } else if (answer(message, body)) {
            traffic.sent(Math.max(size, 0));
            traffic.closed();
        } else {
            traffic.broke(FailureReason.INPUT);
        }
    }

    /** Answers now, later or not at all: with a buffer, or with what came where that is echoed. */
    private void serve(ConfiguredService service, Message<Object> message, Object body) {
        boolean asItCame = service.echoes() && size(body) < 0;
        Answers answers = new Answers() {
            @Override
            public void send(Buffer answer) {
                if (message.replyAddress() == null) {
                    return;
                }
                if (!service.echoes()) {
                    message.reply(answer);
                } else if (!answer(message, asItCame ? body : like(body, answer))) {
                    return;
                }
                traffic.sent(answer.length());
            }

            @Override
            public void fault(String name) {
                traffic.fault(name);
            }
        };
        try {
            boolean reads = service.readsMessages() && !asItCame;
            service.answer(() -> facts(message), reads ? bytes(body) : Buffer.buffer(), answers);
            traffic.closed();
        } catch (RuntimeException e) {
            LOG.debug("bus://{}: the service has failed", address, e);
            traffic.broke(FailureReason.INTERNAL);
        }
    }

    /** Bytes in the form that a body has. */
    private static Object like(Object body, Buffer bytes) {
        if (body instanceof byte[]) {
            return bytes.getBytes();
        }
        return body instanceof String ? bytes.toString() : bytes;
    }

    private JsonObject facts(Message<Object> message) {
        JsonObject headers = new JsonObject();
        message.headers().forEach(header -> headers.put(header.getKey(), header.getValue()));
        return new JsonObject()
                .put("transport", "eventbus")
                .put("remote", message.replyAddress() == null ? "" : message.replyAddress())
                .put("local", address)
                .put("headers", headers);
    }

    private static Buffer bytes(Object body) {
        if (body instanceof Buffer buffer) {
            return buffer;
        }
        return body instanceof byte[] bytes ? Buffer.buffer(bytes) : Buffer.buffer(String.valueOf(body));
    }

    private boolean answer(Message<Object> message, Object body) {
        if (message.replyAddress() == null) {
            LOG.debug("bus://{}: a message without a reply address, which gets no answer", address);
            return false;
        }
        DeliveryOptions reply = new DeliveryOptions();
        if (!message.headers().isEmpty()) {
            reply.setHeaders(message.headers());
        }
        MessageCodec<?, ?> codec = VertxInternals.codec(message);
        if (codec != null && custom(codec)) {
            reply.setCodecName(codec.name());
        }
        try {
            message.reply(body, reply);
            return true;
        } catch (RuntimeException e) {
            // A codec that makes of what was sent something that it cannot send.
            LOG.debug("bus://{}: a message that cannot be echoed", address, e);
            message.fail(
                    NOT_ECHOABLE,
                    "cannot echo a body of " + body.getClass().getName() + ": its codec does not take it back: "
                            + e.getMessage());
            return false;
        }
    }

    /** Whether a codec has a name to be asked for by; those of Vert.x itself go by the body's class. */
    private static boolean custom(MessageCodec<?, ?> codec) {
        return codec != null && codec.systemCodecID() == -1;
    }

    /** How many bytes a body has, or -1 where it would have to be encoded to know. */
    private static long size(Object body) {
        if (body instanceof Buffer buffer) {
            return buffer.length();
        }
        if (body instanceof byte[] bytes) {
            return bytes.length;
        }
        return body instanceof String text ? ByteBufUtil.utf8Bytes(text) : -1;
    }

    @Override
    public List<String> addresses() {
        return List.of("bus://" + address);
    }

    @Override
    public List<String> notes() {
        return localOnly ? List.of("for this process only") : List.of();
    }

    /** There is nothing to wait for: a message is answered in the same turn, or has a fault. */
    @Override
    public Future<Void> drain(Duration grace) {
        return consumer.unregister().otherwiseEmpty();
    }
}
