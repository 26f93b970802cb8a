package dev.vecho.transport.http;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request, or the messages of a WebSocket, that a service answers in place of the echo. What is to be answered is kept until its
 * end, {@code maxMessageBytes} at most, and only for a service that reads it.
 */
final class ServedRequest {

    /** Has messages of a WebSocket answered, and does something to them on purpose. */
    @FunctionalInterface
    interface Faulty {

        /** As {@link dev.vecho.core.RequestFaults.WebSocket#answer}. */
        void answer(Peer asking, Buffer message, Answers answers);
    }

    private static final Logger LOG = LoggerFactory.getLogger(ServedRequest.class);

    private final ConfiguredService service;
    private final HttpRequest head;
    private final int maxBytes;
    private final Peer peer;
    private final @Nullable Faulty faults;
    private final boolean echoes;
    private Buffer message = Buffer.buffer();

    ServedRequest(ConfiguredService service, HttpRequest head, int maxBytes, Peer peer) {
        this(service, head, maxBytes, peer, null, false);
    }

    private ServedRequest(
            ConfiguredService service,
            HttpRequest head,
            int maxBytes,
            Peer peer,
            @Nullable Faulty faults,
            boolean echoes) {
        this.service = service;
        this.head = head;
        this.maxBytes = maxBytes;
        this.peer = peer;
        this.faults = faults;
        this.echoes = echoes;
    }

    HttpRequest head() {
        return head;
    }

    ConfiguredService service() {
        return service;
    }

    /** The same service for what the same client sends otherwise. */
    ServedRequest with(Peer other) {
        return new ServedRequest(service, head, maxBytes, other);
    }

    /**
     * The same with faults on messages.
     *
     * @param echo whether the service is the echo, whose answers are of the kind of what they answer
     */
    ServedRequest with(Faulty faulty, boolean echo) {
        return new ServedRequest(service, head, maxBytes, peer, faulty, echo);
    }

    Peer peer() {
        return peer;
    }

    /** The status of an answer. */
    HttpResponseStatus status() {
        return service instanceof StatusFault fault ? fault.status() : HttpResponseStatus.OK;
    }

    /** Adds bytes, which are the caller's to release; false if they are too many. */
    boolean add(ByteBuf bytes) {
        return !service.readsMessages() || add(ByteBufUtil.getBytes(bytes), bytes.readableBytes());
    }

    /** The same. */
    boolean add(byte[] bytes, int length) {
        if (service.readsMessages()) {
            if (message.length() + length > maxBytes) {
                return false;
            }
            message.appendBytes(bytes, 0, length);
        }
        return true;
    }

    /** Answers what was added; null for no answer. Then others may be added. */
    @Nullable Buffer answer() {
        Buffer asked = message;
        message = Buffer.buffer();
        return service.answer(peer, asked);
    }

    /** The same, with as many answers as there are, some of them later. */
    void answer(Answers answers) {
        if (faults == null) {
            Buffer answer = answer();
            if (answer != null) {
                answers.send(answer);
            }
        } else {
            Buffer asked = message;
            message = Buffer.buffer();
            faults.answer(peer, asked, answers);
        }
    }

    /**
     * Whether what it answers is text, as far as its type tells.
     *
     * @param asked whether what it answers to is
     */
    boolean answersText(boolean asked) {
        if (echoes) {
            return asked;
        }
        return service.contentType().startsWith("text/")
                || service.contentType().equals("application/json");
    }

    /** Tells that the service has thrown something. */
    static void failed(Object channel, RuntimeException cause) {
        LOG.debug("{}: the service has failed", channel, cause);
    }
}
