package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import io.vertx.core.json.JsonObject;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** {@code vecho config} as a process. */
@Execution(ExecutionMode.CONCURRENT)
class ConfigIT {

    private static final Path CONF = Path.of("..", "..", "conf");

    @TempDir
    Path directory;

    private String write(String name, String json) throws Exception {
        return Files.writeString(directory.resolve(name), json).toString();
    }

    @Test
    void tellsWhatIsInEffectAndWhoSaysSo() throws Exception {
        String base = write("base.json", "{\"drainMillis\":1,\"listeners\":{\"a\":{\"port\":1,\"backlog\":5}}}");
        String over = write("over.json", "{\"listeners\":{\"a\":{\"port\":2}}}");
        try (Vecho vecho = Vecho.start(
                Map.of("VECHO__LISTENERS__A__NO_DELAY", "false"),
                List.of("-Dvecho.listeners.a.idleTimeoutMillis=250"),
                "config",
                "-c",
                base,
                "-c",
                over)) {
            Result result = vecho.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out().lines().map(line -> line.replaceAll(" {2,}", " ")))
                    .contains(
                            "drainMillis = 1 (" + base + ")",
                            "io = \"auto\" (default)",
                            "listeners.a.port = 2 (" + over + ")",
                            "listeners.a.backlog = 5 (" + base + ")",
                            "listeners.a.noDelay = false (environment variable VECHO__LISTENERS__A__NO_DELAY)",
                            "listeners.a.idleTimeoutMillis = 250 (system property vecho.listeners.a.idleTimeoutMillis)",
                            "listeners.a.transport = \"tcp\" (default)",
                            "listeners.a.host = \"localhost\" (default)");
        }
    }

    @Test
    void tellsTheDefaultsAsJson() throws Exception {
        Result result = Vecho.run("config", "--format", "json");
        assertThat(result.exitCode()).as(result.err()).isZero();
        JsonObject values = new JsonObject(result.out());
        assertThat(values.getJsonObject("listeners.tcp.port"))
                .isEqualTo(new JsonObject().put("value", 7007).put("source", "default"));
    }

    @Test
    void tellsWhatTheFlagsOfTheClusterComeTo() throws Exception {
        Result result = Vecho.run("config", "--cluster", "--cluster-members", "10.0.0.2,[fd00::2]:5702");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines().map(line -> line.replaceAll(" {2,}", " ")))
                .contains(
                        "listeners.tcp.port = 7007 (default)",
                        "--cluster = true (flag)",
                        "--cluster-host = \"127.0.0.1\" (default)",
                        "--cluster-port = 5701 (default)",
                        "--cluster-members = [\"10.0.0.2\",\"[fd00::2]:5702\"] (flag)");
        Result alone = Vecho.run("config", "--cluster", "--cluster-host", "::1", "--format", "json");
        assertThat(alone.exitCode()).as(alone.err()).isZero();
        JsonObject values = new JsonObject(alone.out());
        assertThat(values.getJsonObject("--cluster-members").encode())
                .isEqualTo("{\"value\":[\"[0:0:0:0:0:0:0:1]\"],\"source\":\"default\"}");
        Result file = Vecho.run("config", "--cluster", "--cluster-config", "none.xml");
        assertThat(file.exitCode()).isEqualTo(2);
        assertThat(file.err()).isEqualTo("none.xml: no such file\n");
        Result useless = Vecho.run("config", "--cluster-port", "5702");
        assertThat(useless.exitCode()).isEqualTo(2);
        assertThat(useless.err()).startsWith("--cluster-port: of no use without --cluster");
    }

    @Test
    void masksPasswords() throws Exception {
        Issued issued = new Certificates(directory).localhost();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "server",
                issued.bundle().getKeyPair().getPrivate(),
                "hunter2".toCharArray(),
                issued.bundle().getCertificatePath());
        try (OutputStream out = Files.newOutputStream(directory.resolve("store.p12"))) {
            store.store(out, "hunter2".toCharArray());
        }
        String file = write(
                "secret.json",
                "{\"listeners\":{\"a\":{\"tls\":{\"keyStore\":\"store.p12\",\"keyStorePassword\":\"hunter2\"}}}}");
        for (String format : List.of("text", "json")) {
            Result result = Vecho.run("config", "-c", file, "--format", format);
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out())
                    .contains("listeners.a.tls.keyStorePassword", "\"***\"")
                    .doesNotContain("hunter2");
        }
        // Where the environment says it, too.
        try (Vecho vecho = Vecho.start(
                Map.of("VECHO__LISTENERS__A__TLS__TRUST_PASSWORD", "hunter2"), List.of(), "config", "-c", file)) {
            Result result = vecho.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out())
                    .contains(
                            "listeners.a.tls.trustPassword = \"***\"",
                            "(environment variable VECHO__LISTENERS__A__TLS__TRUST_PASSWORD)")
                    .doesNotContain("hunter2");
        }
    }

    @Test
    void tellsWhatIsWrongAsServeDoes() throws Exception {
        String file = write(
                "bad.json",
                "{\"io\":\"abacus\",\"listeners\":{\"a\":{\"port\":70000},\"b\":{\"transport\":\"htpp\",\"htp2\":true},"
                        + "\"c\":{\"transport\":\"pigeon\",\"wings\":2,\"maxConnections\":0},"
                        + "\"d\":{\"tls\":{\"certificate\":\"none.pem\",\"key\":\"none.pem\"}}}}");
        Result config = Vecho.run("config", "-c", file);
        Result serve = Vecho.run("serve", "-c", file);
        assertThat(config.exitCode()).isEqualTo(2);
        assertThat(config.out()).isEmpty();
        assertThat(config.err().lines().filter(line -> line.startsWith(file)))
                .containsExactlyElementsOf(serve.err()
                        .lines()
                        .filter(line -> line.startsWith(file))
                        .toList());
        assertThat(config.err())
                .contains(
                        file + ": listeners.a.port: must be 0..65535, was 70000\n",
                        file + ": listeners.b.htp2: is not a known key, did you mean \"http2\"?\n",
                        file + ": listeners.c.wings: is not a key of any transport\n",
                        file + ": listeners.c.maxConnections: must be 1..2147483647, was 0\n",
                        file + ": listeners.d.tls.certificate: no such file: ");
    }

    @Test
    void saysThatJsonHasNoComments() throws Exception {
        String file = write("comment.json", "{\n  \"drainMillis\": 5 // five milliseconds\n}\n");
        Result result = Vecho.run("config", "-c", file);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).isEqualTo(file + ":2:20: JSON has no comments\n");
    }

    @Test
    void opensNothing() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String file = write(
                    "taken.json",
                    "{\"listeners\":{\"a\":{\"host\":\"127.0.0.1\",\"port\":" + taken.getLocalPort() + "},"
                            + "\"b\":{\"transport\":\"unix\",\"path\":\"echo.sock\"}}}");
            Result result = Vecho.run("config", "-c", file);
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(directory.resolve("echo.sock")).doesNotExist();
        }
    }

    @Test
    void takesTheIoThatTheConfigurationNames() throws Exception {
        String file = write("nio.json", "{\"io\":\"nio\",\"listeners\":{\"a\":{\"reusePort\":true}}}");
        Result result = Vecho.run("config", "-c", file);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("listeners.a.reusePort: needs io epoll");
    }

    @Test
    void warnsOfVariablesThatNobodyReads() throws Exception {
        for (String command : List.of("config", "serve")) {
            String file = write("port.json", "{\"listeners\":{\"tcp\":{\"host\":\"127.0.0.1\",\"port\":0}}}");
            try (Vecho vecho =
                    Vecho.start(Map.of("VECHO_LISTENERS_TCP_PORT", "7009"), List.of(), command, "-c", file)) {
                if (command.equals("serve")) {
                    vecho.awaitLine("ready");
                    vecho.terminate();
                }
                Result result = vecho.await();
                assertThat(result.exitCode()).isZero();
                assertThat(result.err().lines().filter(line -> line.contains("VECHO_")))
                        .singleElement()
                        .asString()
                        .endsWith("environment: VECHO_LISTENERS_TCP_PORT is ignored, did you mean"
                                + " VECHO__LISTENERS__TCP__PORT?");
            }
        }
    }

    @Test
    void printsTheSchema() throws Exception {
        Result result = Vecho.run("config", "--schema");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).isEqualTo(Files.readString(CONF.resolve("vecho.schema.json")));
        Result both = Vecho.run("config", "--schema", "-c", "vecho.json");
        assertThat(both.exitCode()).isEqualTo(2);
        assertThat(both.err()).contains("--schema reads no configuration");
    }
}
