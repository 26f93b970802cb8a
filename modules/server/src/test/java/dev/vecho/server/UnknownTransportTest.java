package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A wrong transport hides nothing that can be told of its listener, or of others. */
final class UnknownTransportTest {

    private static final Vertx VERTX = Vertx.vertx();
    private static final String PLACE = "deployment options: listeners.a.";
    private static final Transports TRANSPORTS = new Transports(
            List.of(new NotingTransport(), Transports.load().named("tcp").orElseThrow()));

    @AfterAll
    static void close() {
        VERTX.close().await();
    }

    private static List<String> problems(Transports transports, String listener) {
        JsonObject json =
                new JsonObject("{ 'listeners': { 'a': ".replace('\'', '"') + listener.replace('\'', '"') + " } }");
        InvalidInputException invalid = catchThrowableOfType(
                InvalidInputException.class, () -> Configuration.of(json).validate(VERTX, transports));
        return invalid.problems();
    }

    private static List<String> problems(String listener) {
        return problems(TRANSPORTS, listener);
    }

    @Test
    void readsANameThatIsNearlyThatOfATransportAsThatOne() {
        assertThat(problems("{ 'transport': 'tpc', 'port': 70000, 'prot': 1, 'tls': { 'sefSigned': true } }"))
                .containsExactly(
                        PLACE + "transport: must be one of noting, tcp, was \"tpc\"",
                        PLACE + "port: must be 0..65535, was 70000",
                        PLACE + "tls.certificate: is missing: a file in PEM, with key; or a keyStore; or"
                                + " \"selfSigned\": true",
                        PLACE + "tls.sefSigned: is not a known key, did you mean \"selfSigned\"?",
                        PLACE + "prot: is not a known key, did you mean \"port\"?");
    }

    @Test
    void tellsOfAnyOtherNameWhatEachTransportWouldSay() {
        assertThat(problems("{ 'transport': 'pigeon', 'backlog': 0, 'enabled': true, 'wings': 2, 'place': 'x',"
                        + " 'idleTimeoutMillis': 'long', 'port': 5 }"))
                .containsExactly(
                        PLACE + "transport: must be one of noting, tcp, was \"pigeon\"",
                        PLACE + "backlog: must be 1..1048576, was 0",
                        PLACE + "wings: is not a key of any transport",
                        PLACE + "idleTimeoutMillis: must be a number, 0..31536000000, was \"long\"");
    }

    /** Those of a transport that cannot run here, such as those of QUIC without its native library. */
    @Test
    void readsTheOptionsOfATransportThatCannotRun() {
        Transports transports = new Transports(List.of(new NotingTransport() {
            @Override
            public Optional<String> unavailable(Vertx vertx) {
                return Optional.of("its library is missing");
            }
        }));
        assertThat(problems(transports, "{ 'transport': 'noting', 'place': '', 'plaice': 1 }"))
                .containsExactly(
                        PLACE + "transport: noting cannot run here: its library is missing",
                        PLACE + "place: must be a text that is not empty, was \"\"",
                        PLACE + "plaice: is not a known key, did you mean \"place\"?");
    }

    @Test
    void tellsOfOneThatCannotReadItsOptionsWhatTheOthersWouldSay() {
        Transports transports = new Transports(
                List.of(new AbsentTransport(), Transports.load().named("tcp").orElseThrow()));
        assertThat(problems(transports, "{ 'transport': 'absent', 'port': 70000, 'backlog': 0, 'wings': 2 }"))
                .containsExactlyInAnyOrder(
                        PLACE + "transport: absent cannot run here: its library is missing",
                        PLACE + "port: must be 0..65535, was 70000",
                        PLACE + "backlog: must be 1..1048576, was 0");
    }

    @Test
    void saysWhichArtifactHasATransportOfItsOwn() {
        assertThat(problems("{ 'transport': 'quic' }"))
                .first()
                .isEqualTo(
                        PLACE
                                + "transport: must be one of noting, tcp, was \"quic\": add the artifact dev.vecho:vecho-transport-quic to the class path");
    }

    @Test
    void saysSoWhereThereIsNoTransportAtAll() {
        Transports none = new Transports(List.of());
        assertThat(problems(none, "{ 'port': 5, 'prot': 6 }"))
                .containsExactly(PLACE + "transport: must be a transport, and there is none on the class path, was"
                        + " \"tcp\": add the artifact dev.vecho:vecho-transport-tcp to the class path");
        assertThat(problems(none, "{ 'transport': 'pigeon' }"))
                .containsExactly(
                        PLACE + "transport: must be a transport, and there is none on the class path, was \"pigeon\"");
    }
}
