package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code vecho serve} and the clients that users have. */
class ForeignClientsIT {

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Vecho server;

    @BeforeAll
    static void serve() throws Exception {
        certificates = new Certificates(directory);
        Certificates.Issued localhost = certificates.localhost();
        String tls = "{\"certificate\":\"" + localhost.certificate().getFileName() + "\",\"key\":\""
                + localhost.key().getFileName() + "\",\"engine\":\"%s\"}";
        Path file = directory.resolve("server.json");
        Files.writeString(
                file,
                "{\"listeners\":{\"tcp\":{\"port\":0},\"openssl\":{\"port\":0,\"tls\":" + tls.formatted("auto")
                        + "},\"jdk\":{\"port\":0,\"tls\":" + tls.formatted("jdk") + "}}}");
        server = Vecho.serve("-c", file.toString());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest(name = "{0} bytes")
    @ValueSource(ints = {0, 1, 1000, 3_000_000})
    void ncatGetsBackWhatItSends(int size) throws Exception {
        byte[] sent = bytes(size);
        // Without --no-shutdown ncat closes its output at the end of its input, and reads on until the end.
        Result result = ncat().run(sent, "127.0.0.1", port("tcp"));
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().getBytes()).isEqualTo(sent);
    }

    @ParameterizedTest
    @ValueSource(strings = {"openssl", "jdk"})
    void ncatGetsBackWhatItSendsOverTls(String listener) throws Exception {
        byte[] sent = bytes(1000);
        Result result = ncat().run(sent, "--ssl-verify", "--ssl-trustfile", authority(), "localhost", port(listener));
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().getBytes()).isEqualTo(sent);
    }

    @ParameterizedTest(name = "{0} with {1}")
    @CsvSource({"openssl, -tls1_3", "openssl, -tls1_2", "jdk, -tls1_3", "jdk, -tls1_2"})
    void opensslGetsBackWhatItSends(String listener, String protocol) throws Exception {
        byte[] sent = bytes(100_000);
        Process client = openssl()
                .start(
                        "s_client",
                        "-quiet",
                        protocol,
                        "-verify_return_error",
                        "-CAfile",
                        authority(),
                        "-servername",
                        "localhost",
                        "-connect",
                        "127.0.0.1:" + port(listener));
        try {
            CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> {
                try {
                    return client.getInputStream().readNBytes(sent.length);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            client.getOutputStream().write(sent);
            client.getOutputStream().flush();
            assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(sent);
        } finally {
            client.destroy();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"openssl", "jdk"})
    void opensslIsRefusedWithAnOldProtocol(String listener) throws Exception {
        Result result = openssl()
                .run(
                        new byte[0],
                        "s_client",
                        "-tls1_1",
                        "-cipher",
                        "ALL:@SECLEVEL=0",
                        "-connect",
                        "127.0.0.1:" + port(listener));
        assertThat(result.exitCode()).as(result.err()).isNotZero();
        assertThat(result.err()).contains("alert");
    }

    @ParameterizedTest
    @ValueSource(strings = {"openssl", "jdk"})
    void pythonGetsBackWhatItSendsOverTls(String listener) throws Exception {
        Result result = python().run(
                        new byte[0],
                        CheckIT.resource("tls_client.py").toString(),
                        port(listener),
                        authority(),
                        "5000000");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.text()).startsWith("TLSv1.3");
    }

    @Test
    void theTutorialsClientWorks() throws Exception {
        Result result =
                python().run(new byte[0], CheckIT.resource("tutorial_client.py").toString(), port("tcp"));
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.text()).contains("received b'This is the mess'");
    }

    private static ForeignProgram ncat() {
        return ForeignProgram.find("ncat", "apt-get install ncat");
    }

    private static ForeignProgram openssl() {
        return ForeignProgram.find("openssl", "apt-get install openssl");
    }

    private static ForeignProgram python() {
        return ForeignProgram.find("python3", "apt-get install python3");
    }

    private static String port(String listener) {
        return Integer.toString(server.port(listener));
    }

    private static String authority() {
        return certificates.authority().toString();
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
