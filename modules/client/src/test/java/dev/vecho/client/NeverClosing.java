package dev.vecho.client;

import dev.vecho.core.Connection;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.Map;

/** A connection whose close does not complete. */
final class NeverClosing implements Connection {

    private final Connection connection;

    NeverClosing(Connection connection) {
        this.connection = connection;
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        return connection.send(bytes);
    }

    @Override
    public Future<Void> closeOutput() {
        return connection.closeOutput();
    }

    @Override
    public Future<Void> close() {
        return Promise.<Void>promise().future();
    }

    @Override
    public String localAddress() {
        return connection.localAddress();
    }

    @Override
    public String remoteAddress() {
        return connection.remoteAddress();
    }

    @Override
    public Map<String, String> details() {
        return connection.details();
    }
}
