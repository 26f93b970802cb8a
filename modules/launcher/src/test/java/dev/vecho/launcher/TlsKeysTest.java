package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.OpenListener;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.Keys;
import dev.vecho.testkit.PythonTls;
import dev.vecho.testkit.PythonTls.Answers;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the kind of a server's key, of ours or of others: what one engine cannot do with it, the other does. */
@Timeout(120)
class TlsKeysTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final String CONFIGURATION = "deployment options: listeners.";

    @TempDir
    static Path directory;

    private static Vertx vertx;

    @BeforeAll
    static void begin() {
        vertx = Launch.vertx("auto");
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    static Stream<String> kinds() {
        return Keys.kinds().stream();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void passesAtServersOfOthers(String kind) throws Exception {
        Keys.Made made = Keys.make(directory, kind);
        for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
            try (PythonTls server = PythonTls.start(made.certificate(), made.key(), protocol, Answers.AT_ONCE)) {
                for (String engine : List.of("auto", "jdk", "openssl")) {
                    if (engine.equals("openssl") && !TlsEngines.available().contains(engine)) {
                        continue;
                    }
                    String place = kind + ", " + protocol + ", " + engine;
                    Report round = play(server.port(), trusting(made).put("engine", engine));
                    // BoringSSL offers no signature with P-521 and SHA-512; with TLS 1.2 any hash may be used.
                    boolean verifies = Keys.isForOpenSsl(kind) && !(kind + protocol).equals("P-521TLSv1.3");
                    if (engine.equals("openssl") && !verifies) {
                        Diagnosis diagnosis = Objects.requireNonNull(round.diagnosis(), place);
                        assertThat(diagnosis.kind()).as(place).isEqualTo("tls: cipher");
                        assertThat(diagnosis.sentence()).endsWith("; the engine jdk verifies more kinds of keys");
                        continue;
                    }
                    assertThat(round.passed()).as(place + round.toJson()).isTrue();
                    String taken = engine.equals("auto") ? verifies ? TlsEngines.fastest() : "jdk" : engine;
                    assertThat(round.details()).as(place).containsEntry("engine", taken);
                    if (!taken.equals("jdk") || engine.equals("jdk")) {
                        assertThat(round.details()).as(place).doesNotContainKey("engineFallback");
                    }
                }
            }
        }
    }

    @Test
    void tellsWhichEngineItTookInTheSecondPlaceAndTakesItFirstFromThenOn() throws Exception {
        requireOpenSsl();
        Keys.Made made = Keys.make(directory, "Ed25519");
        try (PythonTls server = PythonTls.start(made.certificate(), made.key(), "TLSv1.3", Answers.AT_ONCE)) {
            JsonObject script =
                    new JsonObject().put("repeat", 3).put("intervalMillis", 0).put("tls", trusting(made));
            for (Report round : rounds(server.port(), script)) {
                assertThat(round.passed()).as(round.toJson().encodePrettily()).isTrue();
                assertThat(round.details()).containsEntry("engine", "jdk");
                assertThat(round.details().get("engineFallback"))
                        .startsWith("the engine openssl failed: no cipher suite");
            }
            assertThat(server.connections()).isEqualTo(4);
        }
    }

    @Test
    void triesTheOtherEngineOnceWhereTheServerOnlyCloses() throws Exception {
        Keys.Made made = Keys.make(directory, "RSA");
        try (PythonTls server = PythonTls.start(made.certificate(), made.key(), "TLSv1.3", Answers.NEVER)) {
            Report round = play(server.port(), trusting(made));
            assertThat(Objects.requireNonNull(round.diagnosis()).kind()).isEqualTo("tls: closed");
            assertThat(server.connections()).isEqualTo(TlsEngines.available().size());
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void servesWithEveryKindOfKey(String kind) throws Exception {
        Keys.Made made = Keys.make(directory, kind);
        Path store = directory.resolve(kind + ".p12");
        Keys.openssl(
                "pkcs12",
                "-export",
                "-inkey",
                made.key().toString(),
                "-in",
                made.certificate().toString(),
                "-out",
                store.toString(),
                "-passout",
                "pass:secret");
        JsonObject pem = identity(made);
        JsonObject pkcs12 = new JsonObject().put("keyStore", store.toString()).put("keyStorePassword", "secret");
        JsonObject listeners = new JsonObject()
                .put("pem", listener("tcp", pem))
                .put("pkcs12", listener("tcp", pkcs12))
                .put("jdk", listener("tcp", pem.copy().put("engine", "jdk")))
                .put("https", listener("http", pem));
        EchoServerVerticle server = deploy(listeners);
        for (OpenListener each : server.listeners()) {
            List<String> addresses = each.addresses();
            String port = addresses.get(0).substring(addresses.get(0).lastIndexOf(':') + 1);
            for (String protocol : List.of("-tls1_2", "-tls1_3")) {
                String said = Keys.openssl(
                        "s_client",
                        protocol,
                        "-connect",
                        "127.0.0.1:" + port,
                        "-CAfile",
                        made.certificate().toString(),
                        "-verify_return_error");
                assertThat(said).as(kind + ", " + each.name() + protocol).contains("Verify return code: 0 (ok)");
            }
            boolean falls = !Keys.isForOpenSsl(kind)
                    && !each.name().equals("jdk")
                    && !TlsEngines.fastest().equals("jdk");
            assertThat(each.notes()).as(kind + ", " + each.name()).hasSize(falls ? 1 : 0);
            if (each.name().equals("https")) {
                assertThat(addresses).hasSize(Keys.isForOpenSsl(kind) ? 2 : 1);
            } else {
                Report round = play(Integer.parseInt(port), trusting(made));
                assertThat(round.passed()).as(round.toJson().encodePrettily()).isTrue();
            }
        }
    }

    @Test
    void servesTwoNamesOnTwoEngines() throws Exception {
        Keys.Made rsa = Keys.make(directory, "RSA");
        Keys.Made edwards = Keys.make(Files.createDirectory(directory.resolve("other")), "Ed25519", "other.example");
        JsonObject tls = identity(rsa).put("certificates", new JsonArray().add(identity(edwards)));
        EchoServerVerticle server = deploy(new JsonObject().put("two", listener("tcp", tls)));
        String address = server.listeners().get(0).addresses().get(0);
        int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
        for (JsonObject client : List.of(trusting(rsa), trusting(edwards).put("serverName", "other.example"))) {
            Report round = play(port, client);
            assertThat(round.passed()).as(round.toJson().encodePrettily()).isTrue();
        }
    }

    @Test
    void saysWhichKeysAnEngineThatIsNamedAndQuicCannotServeWith() throws Exception {
        requireOpenSsl();
        JsonObject ed25519 = identity(Keys.make(directory, "Ed25519"));
        JsonObject pss = identity(Keys.make(directory, "RSA-PSS"));
        JsonObject sni = identity(Keys.make(directory, "RSA"))
                .put("engine", "openssl")
                .put("certificates", new JsonArray().add(pss));
        assertThat(problems(new JsonObject()
                        .put("named", listener("tcp", ed25519.copy().put("engine", "openssl")))
                        .put("sni", listener("tcp", sni))
                        .put("h3", listener("http", ed25519).put("http3", true))
                        .put("quic", listener("quic", ed25519))
                        .put("fine", listener("tcp", pss))))
                .satisfiesExactlyInAnyOrder(
                        problem -> assertThat(problem)
                                .startsWith(CONFIGURATION
                                        + "named.tls.certificate: the engine openssl cannot serve with its"
                                        + " key, Ed25519, a handshake fails: Unable to find key material"),
                        problem -> assertThat(problem)
                                .startsWith(CONFIGURATION
                                        + "sni.tls.certificates[0]: not accepted by the TLS engine openssl: "),
                        problem -> assertThat(problem)
                                .isEqualTo(
                                        CONFIGURATION + "h3.tls.certificate: must have a key of RSA or EC for HTTP/3,"
                                                + " was Ed25519"),
                        problem -> assertThat(problem)
                                .isEqualTo(
                                        CONFIGURATION + "quic.tls.certificate: must have a key of RSA or EC, with which"
                                                + " QUIC's own TLS can sign, was Ed25519"));
    }

    private static JsonObject identity(Keys.Made made) {
        return new JsonObject()
                .put("certificate", made.certificate().toString())
                .put("key", made.key().toString());
    }

    private static JsonObject trusting(Keys.Made made) {
        return new JsonObject().put("trust", made.certificate().toString());
    }

    private static JsonObject listener(String transport, JsonObject tls) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put("tls", tls);
    }

    private static EchoServerVerticle deploy(JsonObject listeners) throws Exception {
        EchoServerVerticle server = new EchoServerVerticle();
        JsonObject configuration = new JsonObject().put("drainMillis", 0).put("listeners", listeners);
        vertx.deployVerticle(server, new DeploymentOptions().setConfig(configuration))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return server;
    }

    private static List<String> problems(JsonObject listeners) {
        return catchThrowableOfType(InvalidInputException.class, () -> deploy(listeners))
                .problems();
    }

    private static Report play(int port, JsonObject tls) throws Exception {
        return rounds(port, new JsonObject().put("tls", tls)).get(0);
    }

    private static List<Report> rounds(int port, JsonObject script) throws Exception {
        script.put("targets", "tls://127.0.0.1:" + port);
        return Run.open(vertx, Script.of(script, Source.named("test")))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .play(RunListener.NONE)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .cases()
                .get(0)
                .rounds();
    }

    private static void requireOpenSsl() {
        if (!TlsEngines.available().contains("openssl")) {
            throw ForeignProgram.missing("there is no OpenSSL engine here");
        }
    }
}
