package dev.vecho.client;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Transports that the class path of these tests names. The target's host chooses the peer. */
abstract class FakeTransport implements TestableTransport {

    private final String scheme;
    private final Framing framing;

    FakeTransport(String scheme, Framing framing) {
        this.scheme = scheme;
        this.framing = framing;
    }

    public static final class Stream extends FakeTransport {
        public Stream() {
            super("fake", Framing.STREAM);
        }
    }

    public static final class Messages extends FakeTransport {
        public Messages() {
            super("fakemsg", Framing.MESSAGES);
        }
    }

    /** Has options of its own. */
    public static final class Coloured extends FakeTransport {
        public Coloured() {
            super("fakecoloured", Framing.STREAM);
        }

        @Override
        public String optionsKey() {
            return "paint";
        }

        @Override
        public void validateOptions(Options own) {
            own.text("colour");
            own.rejectUnknownKeys();
        }

        @Override
        Optional<String> colour(Options options) {
            return Optional.ofNullable(
                    options.object("options").object(optionsKey()).text("colour"));
        }
    }

    /** Knows one version of TLS, and one family of addresses. */
    public static final class Tls extends FakeTransport {
        public Tls() {
            super("faketls", Framing.STREAM);
        }

        @Override
        public Set<String> tlsVersions(Target target, boolean begun) {
            return Set.of("TLSv1.3");
        }

        @Override
        public Set<String> families(Target target) {
            return Set.of("ipv6");
        }
    }

    public static final class Absent extends FakeTransport {
        public Absent() {
            super("absent", Framing.STREAM);
        }

        @Override
        public Optional<String> unavailable(Vertx vertx) {
            return Optional.of("it is not there");
        }
    }

    Optional<String> colour(Options options) {
        return Optional.empty();
    }

    @Override
    public String name() {
        return scheme;
    }

    @Override
    public Set<String> schemes() {
        return Set.of(scheme);
    }

    @Override
    public Framing framing() {
        return framing;
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        Options tls = options.object("tls");
        tls.text("trust");
        Map<String, String> details = new HashMap<>();
        colour(options).ifPresent(colour -> details.put("colour", colour));
        details.put("protocol", "fake");
        details.put("protocols", tls.texts("protocols").toString());
        details.put("family", options.text("family", "any"));
        tls.rejectUnknownKeys();
        options.rejectUnknownKeys();
        FakePeer silent = new FakePeer.Answer() {
            @Override
            public void answer(FakeConnection connection, io.vertx.core.buffer.Buffer all) {}
        };
        return new FakeClient("silent".equals(target.host()) ? silent : FakePeer.ECHO, details);
    }
}
