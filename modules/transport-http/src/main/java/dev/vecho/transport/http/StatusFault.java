package dev.vecho.transport.http;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.RequestFaults.Status;
import dev.vecho.core.ServiceStream;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.buffer.Buffer;

/** Answers every request with a status that was configured as a fault, once it has ended. */
record StatusFault(HttpResponseStatus status) implements ConfiguredService {

    StatusFault(Status fault) {
        this(HttpResponseStatus.valueOf(fault.code()));
    }

    @Override
    public boolean amplifies() {
        return false;
    }

    @Override
    public String contentType() {
        return "text/plain";
    }

    @Override
    public boolean readsMessages() {
        return false;
    }

    @Override
    public void serve(ServiceStream stream) {
        throw new UnsupportedOperationException("a request is answered");
    }

    @Override
    public Buffer answer(Peer peer, Buffer message) {
        return Buffer.buffer(status + "\n");
    }
}
