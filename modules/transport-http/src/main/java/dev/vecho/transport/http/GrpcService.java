package dev.vecho.transport.http;

import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;

/** Has a listener's service answer each message of a call with a message, if it has an answer. */
final class GrpcService implements GrpcCall.Method {

    private final ServedRequest served;
    private final Object channel;
    private final int maxMessageBytes;

    GrpcService(ServedRequest served, Object channel, int maxMessageBytes) {
        this.served = served;
        this.channel = channel;
        this.maxMessageBytes = maxMessageBytes;
    }

    @Override
    public int maxMessageBytes() {
        return maxMessageBytes;
    }

    @Override
    public void begun(GrpcCall call) {
        call.answer();
    }

    @Override
    public void message(GrpcCall call, Buffer message) throws GrpcException {
        ByteBuf bytes = VertxInternals.bytes(message);
        served.add(bytes);
        Buffer answer;
        try {
            answer = served.answer();
        } catch (RuntimeException e) {
            ServedRequest.failed(channel, e);
            throw new GrpcException(GrpcStatus.INTERNAL, "the service has failed");
        }
        if (answer != null) {
            call.send(answer);
        }
    }

    @Override
    public void ended(GrpcCall call) {
        call.end(GrpcStatus.OK, null);
    }
}
