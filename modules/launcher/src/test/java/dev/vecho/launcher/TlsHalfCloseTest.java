package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.PythonTls;
import dev.vecho.testkit.PythonTls.Answers;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A check that closes its output of TLS gets all that comes after, up to the peer's close_notify (RFC 8446, section 6.1): with
 * each engine and version, at our own listener on each engine and at one of OpenSSL's that answers before or after.
 */
@Timeout(120)
class TlsHalfCloseTest {

    private static final int PATIENCE_SECONDS = 100;

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static Issued certificate;

    private static Listeners listeners;

    private static final List<PythonTls> foreign = new ArrayList<>();

    @BeforeAll
    static void serve() throws Exception {
        vertx = Launch.vertx("auto");
        certificate = new Certificates(directory).localhost();
        JsonObject each = new JsonObject();
        for (String engine : TlsEngines.available()) {
            each.put(engine, Listeners.any().put("tls", certificate.options().put("engine", engine)));
        }
        listeners = Listeners.serve(vertx, each);
    }

    @AfterAll
    static void stop() throws Exception {
        foreign.forEach(PythonTls::close);
        vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    static List<Arguments> engines() {
        List<Arguments> all = new ArrayList<>();
        for (String engine : TlsEngines.available()) {
            for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
                all.add(Arguments.of(engine, protocol));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("engines")
    void getsAllFromOurListeners(String engine, String protocol) throws Exception {
        for (String server : TlsEngines.available()) {
            assertPassed(play(script(engine, protocol), port(server)));
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void getsAllFromOpenSsl(String engine, String protocol) throws Exception {
        for (Answers answers : List.of(Answers.AT_ONCE, Answers.IN_THE_END)) {
            PythonTls server = PythonTls.start(certificate.certificate(), certificate.key(), protocol, answers);
            foreign.add(server);
            assertPassed(play(script(engine, protocol), Integer.toString(server.port())));
        }
    }

    @Test
    void playsTheScriptThatComesWithVecho() throws Exception {
        JsonObject script = new JsonObject(Files.readString(Path.of("..", "..", "conf", "check", "half-close.json")));
        script.remove("$schema");
        assertPassed(play(script.put("tls", new JsonObject().put("insecure", true)), port(TlsEngines.fastest())));
    }

    /** Closes the output before anything is read, with sizes of one record, some, and more than any buffer on the way holds. */
    private static JsonObject script(String engine, String protocol) {
        return new JsonObject("""
                { "matrix": { "sizes": [1, 65536, 16777216] },
                  "timeoutMillis": 30000,
                  "steps": [ { "send": { "random": "${size}" } }, { "close": "output" }, { "expect": "echo" },
                             { "expect": "end" } ] }""")
                .put(
                        "tls",
                        new JsonObject()
                                .put("insecure", true)
                                .put("engine", engine)
                                .put("protocols", new JsonArray().add(protocol)));
    }

    private static String port(String server) {
        return Integer.toString(listeners.port(server));
    }

    private static RunReport play(JsonObject script, String port) throws Exception {
        Script read = Script.of(script.put("targets", "tls://127.0.0.1:" + port), Source.named("test"));
        return Run.open(vertx, read)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .play(RunListener.NONE)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static void assertPassed(RunReport report) {
        assertThat(report.cases()).isNotEmpty().allSatisfy(each -> {
            Report round = each.rounds().get(0);
            assertThat(round.passed()).as(round.toJson().encodePrettily()).isTrue();
            assertThat(round.bytesReceived()).isEqualTo(round.bytesSent()).isPositive();
        });
    }
}
