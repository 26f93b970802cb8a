package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code vecho serve} as a process whose configuration changes. */
@Timeout(180)
class ReloadIT {

    @TempDir
    Path directory;

    private String write(JsonObject listener) throws IOException {
        return write(
                "vecho.json",
                new JsonObject()
                        .put("configScanMillis", 0)
                        .put("drainMillis", 0)
                        .put("listeners", new JsonObject().put("a", listener)));
    }

    private String write(String name, JsonObject content) throws IOException {
        return Files.writeString(directory.resolve(name), content.encode()).toString();
    }

    private static JsonObject any() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    private static void assertEchoes(Socket socket) throws IOException {
        socket.setSoTimeout(60_000);
        byte[] sent = "echo".getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(sent);
        assertThat(socket.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
    }

    @Test
    void reloadsOnSighup() throws Exception {
        String file = write(any());
        try (Vecho vecho = Vecho.serve("-c", file);
                Socket socket = new Socket("127.0.0.1", vecho.port("a"))) {
            assertEchoes(socket);
            write(any().put("maxConnections", 7));
            vecho.signal("HUP");
            assertThat(vecho.awaitLine("reloaded")).isEqualTo("reloaded listeners.a: changed maxConnections");
            write(any().put("maxConnections", 0));
            vecho.signal("HUP");
            vecho.awaitLine("not reloaded, the configuration before stays in effect");
            assertEchoes(socket);
            vecho.terminate();
            Result result = vecho.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.out()).contains("listener a: 1 connections");
            assertThat(result.err()).contains("listeners.a.maxConnections: must be 1..2147483647, was 0");
        }
    }

    /** Without a signal, by looking at it. */
    @Test
    void givesOpensslTheCertificateThatReplacesAnother() throws Exception {
        ForeignProgram.find("openssl", "apt-get install openssl");
        Certificates certificates = new Certificates(directory);
        Issued served = certificates.localhost();
        String file = write(
                "vecho.json",
                new JsonObject()
                        .put("configScanMillis", 100)
                        .put("listeners", new JsonObject().put("a", any().put("tls", served.options()))));
        try (Vecho vecho = Vecho.serve("-c", file)) {
            assertThat(serialOf(vecho.port("a"))).isEqualTo(serial(served));
            Issued next = certificates.localhostRsa();
            // In the other order the two would not belong together for a moment: that is rejected, and tried again.
            Files.move(next.key(), served.key(), StandardCopyOption.ATOMIC_MOVE);
            Files.move(next.certificate(), served.certificate(), StandardCopyOption.ATOMIC_MOVE);
            vecho.awaitLine("reloaded listeners.a: changed the content of");
            assertThat(serialOf(vecho.port("a"))).isEqualTo(serial(next));
        }
    }

    private static BigInteger serial(Issued issued) {
        return issued.bundle().getCertificate().getSerialNumber();
    }

    private static BigInteger serialOf(int port) throws Exception {
        Process openssl = new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        "openssl s_client -connect 127.0.0.1:" + port + " </dev/null 2>/dev/null"
                                + " | openssl x509 -noout -serial")
                .start();
        assertThat(openssl.waitFor(60, TimeUnit.SECONDS)).isTrue();
        String line = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        assertThat(line).startsWith("serial=");
        return new BigInteger(line.substring("serial=".length()).toLowerCase(Locale.ROOT), 16);
    }

    @Test
    void acceptsForTheDrainDelayUnlessASecondSignalComes() throws Exception {
        String file = write(
                "vecho.json",
                new JsonObject()
                        .put("drainDelayMillis", 86_400_000)
                        .put("listeners", new JsonObject().put("a", any())));
        try (Vecho vecho = Vecho.serve("-c", file)) {
            vecho.terminate();
            vecho.awaitLine("stopping");
            try (Socket socket = new Socket("127.0.0.1", vecho.port("a"))) {
                assertEchoes(socket);
            }
            assertThat(vecho.isAliveFor(TimeUnit.MILLISECONDS.toNanos(1100))).isTrue();
            vecho.terminate();
            assertThat(vecho.await().exitCode()).isEqualTo(143);
        }
    }

    @Test
    void takesYamlAndStores() throws Exception {
        Files.writeString(directory.resolve("vecho.yaml"), "listeners:\n  a: { host: 127.0.0.1, port: 0 } # any\n");
        Path part = Files.writeString(directory.resolve("part.json"), "{ \"drainMillis\": 7 }");
        String store = write(
                "store.json",
                new JsonObject().put("type", "file").put("config", new JsonObject().put("path", part.toString())));
        String file = directory.resolve("vecho.yaml").toString();
        Result config = Vecho.run("config", "-c", file, "--store", store, "--format", "json");
        assertThat(config.exitCode()).as(config.err()).isZero();
        assertThat(new JsonObject(config.out()).getJsonObject("drainMillis").getString("source"))
                .isEqualTo("store file " + part);
        try (Vecho vecho = Vecho.serve("-c", file, "--store", store);
                Socket socket = new Socket("127.0.0.1", vecho.port("a"))) {
            assertEchoes(socket);
        }
    }

    @Test
    void saysThatAStoreIsAway() throws Exception {
        String file = write(
                "vecho.json",
                new JsonObject()
                        .put(
                                "stores",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("type", "http")
                                                .put(
                                                        "config",
                                                        new JsonObject()
                                                                .put("host", "127.0.0.1")
                                                                .put("port", 1)))));
        Result result = Vecho.run("serve", "-c", file);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .startsWith(file + ": stores[0]: store http://127.0.0.1:1: cannot be read: ");
    }
}
