package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Check;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The check through nginx, which is told to buffer requests, as it does by default, or not to. */
@Timeout(120)
class NginxTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final int ATTEMPTS = 5;

    /** After this, nothing comes; what should come has all of it. */
    private static final int LIMIT_MILLIS = 2000;

    private static final int GENEROUS_MILLIS = 20_000;

    private static final String CONFIGURATION = """
            daemon off;
            master_process off;
            pid %1$s/nginx.pid;
            error_log stderr warn;
            events { worker_connections 128; }
            http {
              access_log off;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              ssl_certificate %2$s;
              ssl_certificate_key %3$s;
              server {
                listen 127.0.0.1:%4$d;
                listen 127.0.0.1:%5$d ssl http2;
                location /default { proxy_pass %6$s; }
                location /unbuffered {
                  proxy_pass %6$s;
                  proxy_http_version 1.1;
                  proxy_request_buffering off;
                }
                location /both {
                  proxy_pass %6$s;
                  proxy_http_version 1.1;
                  proxy_request_buffering off;
                  proxy_buffering off;
                }
                location /nobody { proxy_pass http://127.0.0.1:1; }
              }
            }
            """;

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static Certificates certificates;
    private static Process nginx;
    private static int plain;
    private static int secure;

    @BeforeAll
    static void start() throws Exception {
        ForeignProgram program = ForeignProgram.find("nginx", "apt-get install nginx");
        certificates = new Certificates(directory);
        vertx = Vertx.vertx();
        EchoServerVerticle server = new EchoServerVerticle();
        JsonObject listeners = new JsonObject()
                .put("http", new JsonObject().put("transport", "http").put("port", 0));
        vertx.deployVerticle(server, new DeploymentOptions().setConfig(new JsonObject().put("listeners", listeners)))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        String echo = server.listeners().get(0).addresses().get(0);
        Issued issued = certificates.localhost();
        for (int attempt = 1; nginx == null; attempt++) {
            plain = Ports.free();
            secure = Ports.free();
            Path file = Files.writeString(
                    directory.resolve("nginx.conf"),
                    CONFIGURATION.formatted(directory, issued.certificate(), issued.key(), plain, secure, echo));
            Process started = program.start("-p", directory.toString(), "-c", file.toString());
            if (Ports.listens(started, plain) && Ports.listens(started, secure)) {
                nginx = started;
            } else if (attempt == ATTEMPTS) {
                throw new AssertionError("nginx did not start: "
                        + new String(started.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
            }
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (nginx != null) {
            nginx.destroy();
            assertThat(nginx.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        }
        if (vertx != null) {
            vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @CsvSource({"http, http/1.1", "https, http/1.1", "https, h2"})
    void tellsThatItBuffersRequests(String scheme, String alpn) throws Exception {
        Diagnosis found = Objects.requireNonNull(
                play(scheme, alpn, "/default", LIMIT_MILLIS).diagnosis(), "passed");
        assertThat(found.kind()).as(found.toString()).isEqualTo("buffered");
        assertThat(found.step()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "http, http/1.1, /unbuffered",
        "https, h2, /unbuffered",
        "http, http/1.1, /both",
        "https, http/1.1, /both",
        "https, h2, /both"
    })
    void passesThroughItUnbuffered(String scheme, String alpn, String path) throws Exception {
        Report report = play(scheme, alpn, path, GENEROUS_MILLIS);
        assertThat(report.diagnosis()).isNull();
    }

    @Test
    void tellsWhatItAnswersOnceTheRequestIsWhole() throws Exception {
        Diagnosis found = Objects.requireNonNull(
                play("http", "http/1.1", "/nobody", LIMIT_MILLIS).diagnosis(), "passed");
        assertThat(found.kind()).isEqualTo("failed");
        assertThat(found.sentence()).contains("502 Bad Gateway");
    }

    private static Report play(String scheme, String alpn, String path, int limit) throws Exception {
        int port = scheme.equals("https") ? secure : plain;
        JsonObject script = new JsonObject()
                .put("targets", new JsonArray().add(scheme + "://localhost:" + port + path))
                .put("timeoutMillis", limit)
                .put(
                        "tls",
                        new JsonObject()
                                .put("trust", certificates.authority().toString())
                                .put("alpn", new JsonArray().add(alpn)));
        Check check = Check.open(vertx, Script.of(script, Source.named("test")))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .get(0);
        try {
            return check.play(1).await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } finally {
            check.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }
}
