package dev.vecho.services;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Passes each connection on to a server, byte for byte, with both halves of it. Keys: {@code to}, a target of TCP or a Unix domain socket;
 * {@code connectTimeoutMillis}, 10,000 by default; {@code tls}, which has connections to the server begin TLS; and what else clients of
 * that transport know.
 */
public final class ProxyService implements Service {

    @Override
    public String name() {
        return "proxy";
    }

    @Override
    public String textOption() {
        return "to";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        Duration timeout = Duration.ofMillis(options.integer("connectTimeoutMillis", 10_000, 1, 3_600_000));
        boolean secure = options.has("tls");
        String to = options.text("to");
        if (to == null) {
            if (!options.has("to")) {
                options.problem("to", "is missing: where connections are passed on to, such as tcp://localhost:5432");
            }
            return new Refused();
        }
        ClientTransport client;
        try {
            Target target = Target.parse(to);
            Transport transport = Transports.load().reaching(vertx, target);
            client = transport.client(vertx, target, options);
        } catch (IllegalArgumentException e) {
            options.problem("to", String.valueOf(e.getMessage()));
            return new Refused();
        }
        if (!client.canPause()) {
            options.problem(
                    "to",
                    "must be tcp://host:port, unix:///path or unix:@name, where \"tls\" begins TLS, was \"" + to
                            + "\"");
        }
        return new Proxy(vertx, client, to, secure, timeout);
    }

    private record Proxy(Vertx vertx, ClientTransport client, String to, boolean secure, Duration timeout)
            implements ConfiguredService {

        @Override
        public @Nullable String refusal(Transport.Framing carried) {
            return carried == Transport.Framing.STREAM ? null : "needs a stream, for it passes one on";
        }

        @Override
        public boolean amplifies() {
            return false;
        }

        @Override
        public void serve(ServiceStream stream) {
            new Relay(vertx, stream, client, to, secure, timeout).begin();
        }

        @Override
        public Buffer answer(Peer peer, Buffer message) {
            throw new UnsupportedOperationException("refused");
        }
    }

    /** What is there where something is wrong. */
    private record Refused() implements ConfiguredService {

        @Override
        public boolean amplifies() {
            return false;
        }

        @Override
        public void serve(ServiceStream stream) {
            throw new UnsupportedOperationException("refused");
        }

        @Override
        public @Nullable Buffer answer(Peer peer, Buffer message) {
            throw new UnsupportedOperationException("refused");
        }
    }
}
