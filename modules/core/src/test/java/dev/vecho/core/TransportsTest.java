package dev.vecho.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class TransportsTest {

    private record Named(String name, Set<String> schemes, String optionsKey) implements Transport {

        Named(String name, Set<String> schemes) {
            this(name, schemes, name);
        }

        @Override
        public void validateOptions(Options own) {
            if (optionsKey.equals("air")) {
                own.integer("height", 0, 0, 9);
            }
            Transport.super.validateOptions(own);
        }

        @Override
        public Framing framing() {
            return Framing.STREAM;
        }

        @Override
        public ServerTransport server(Vertx vertx, Options options) {
            throw new UnsupportedOperationException(name);
        }

        @Override
        public ClientTransport client(Vertx vertx, Target target, Options options) {
            throw new UnsupportedOperationException(name);
        }
    }

    @Test
    void findsByNameAndByScheme() {
        Transport pigeon = new Named("pigeon", Set.of("pigeon", "pigeons"));
        Transport bottle = new Named("bottle", Set.of("bottle"));
        Transports transports = new Transports(List.of(pigeon, bottle));

        assertThat(transports.names()).containsExactly("bottle", "pigeon");
        assertThat(transports.schemes()).containsExactly("bottle", "pigeon", "pigeons");
        assertThat(transports.named("pigeon")).containsSame(pigeon);
        assertThat(transports.ofScheme("pigeons")).containsSame(pigeon);
        assertThat(transports.ofScheme("bottle")).containsSame(bottle);
        assertThat(transports.named("pigeons")).isEmpty();
        assertThat(transports.ofScheme("raven")).isEmpty();
    }

    @Test
    void refusesTwoOfOneName() {
        assertThatThrownBy(() ->
                        new Transports(List.of(new Named("pigeon", Set.of("a")), new Named("pigeon", Set.of("b")))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("two transports have the name \"pigeon\": ");
    }

    @Test
    void refusesTwoOfOneScheme() {
        assertThatThrownBy(() ->
                        new Transports(List.of(new Named("pigeon", Set.of("air")), new Named("raven", Set.of("air")))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("two transports have the scheme \"air\": ");
    }

    @Test
    void refusesTwoOfOneKeyOfOptions() {
        assertThatThrownBy(() -> new Transports(
                        List.of(new Named("pigeon", Set.of("a"), "air"), new Named("raven", Set.of("b"), "air"))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("two transports have the key of options \"air\": ");
    }

    @Test
    void saysWhichArtifactHasWhatIsMissing() {
        Transports transports = new Transports(List.of(new Named("pigeon", Set.of("pigeon"))));
        assertThat(transports.unknown("websocket"))
                .isEqualTo(
                        "must be one of pigeon, was \"websocket\": add the artifact dev.vecho:vecho-transport-http to"
                                + " the class path");
        assertThat(transports.unknown("raven")).isEqualTo("must be one of pigeon, was \"raven\"");
        Vertx vertx = Vertx.vertx();
        try {
            assertThatThrownBy(() -> transports.reaching(vertx, Target.parse("quic://localhost:1")))
                    .hasMessage("quic://localhost:1: scheme: \"quic\" is not known: add the artifact"
                            + " dev.vecho:vecho-transport-quic to the class path");
            assertThatThrownBy(() -> transports.reaching(vertx, Target.parse("pigeons://localhost:1")))
                    .hasMessageContaining("did you mean \"pigeon\"?");
        } finally {
            vertx.close().await();
        }
    }

    @Test
    void validatesTheOptionsOfEach() {
        Transports transports = new Transports(
                List.of(new Named("pigeon", Set.of("pigeon"), "air"), new Named("bottle", Set.of("bottle"))));
        Problems problems = new Problems();
        JsonObject good = new JsonObject("{ \"air\": { \"height\": 5 }, \"bottle\": {} }");
        transports.validateOptions(Options.of(good, Source.named("s.json"), problems));
        problems.throwIfAny();

        JsonObject wrong = new JsonObject(
                "{ \"air\": { \"height\": 10 }, \"bottle\": { \"height\": 1 }, \"pigeon\": {}, \"ai\": {} }");
        transports.validateOptions(Options.of(wrong, Source.named("s.json"), problems));
        assertThatThrownBy(problems::throwIfAny).hasMessage("""
                        s.json: air.height: must be 0..9, was 10
                        s.json: bottle.height: is not a known key, expected none
                        s.json: pigeon: is not a known key, expected one of air, bottle
                        s.json: ai: is not a known key, did you mean "air"?""");
    }

    @Test
    void isEmptyWhereTheClassPathNamesNone() {
        assertThat(Transports.load().names()).isEmpty();
        assertThat(Transports.load().schemes()).isEmpty();
    }
}
