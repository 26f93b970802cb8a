package dev.vecho.server;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.Set;

/** A transport on the class path of these tests that can never run. */
public final class AbsentTransport implements Transport {

    @Override
    public String name() {
        return "absent";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("absent");
    }

    @Override
    public Framing framing() {
        return Framing.STREAM;
    }

    @Override
    public Optional<String> unavailable(Vertx vertx) {
        return Optional.of("its library is missing");
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        throw new UnsupportedOperationException("is not available");
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        throw new UnsupportedOperationException("is not available");
    }
}
