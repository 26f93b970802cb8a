package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that read nothing before they have sent everything: a browser, Python's http.client, BusyBox's wget. With {@code
 * -Dvecho.late.bytes=100000000} they send that much.
 */
class LateReaderForeignTest {

    private static final int BYTES = Integer.getInteger("vecho.late.bytes", 30_000_000);

    private static final String PYTHON = """
            import http.client, os, sys
            size = int(sys.argv[2])
            body = os.urandom(1000) * (size // 1000)
            connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=50)
            for sent in body, b"small", body:
                connection.request("POST", "/", sent)
                print(connection.getresponse().read() == sent)
            """;

    private static final String PAGE = """
            <pre id="result">pending</pre>
            <script>
            (async () => {
              const result = document.getElementById('result');
              try {
                const sent = new Uint8Array(SIZE);
                for (let i = 0; i < sent.length; i += 65536) {
                  crypto.getRandomValues(sent.subarray(i, Math.min(i + 65536, sent.length)));
                }
                const response = await fetch('URL', {method: 'POST', body: sent});
                const came = new Uint8Array(await response.arrayBuffer());
                result.textContent = `came ${came.length}, the same ${came.every((byte, i) => byte === sent[i])}`;
              } catch (e) {
                result.textContent = e;
              }
            })();
            </script>
            """;

    @TempDir
    static Path directory;

    private static Certificates.Issued certificate;
    private static HttpServer plain;
    private static HttpServer secure;

    /** What a browser speaks, and what makes it. */
    enum Version {
        HTTP_1,
        HTTP_2,
        HTTP_3
    }

    @BeforeAll
    static void listen() throws Exception {
        certificate = new Certificates(directory).localhost();
        plain = HttpServer.listen(new JsonObject());
        secure = HttpServer.listen(new JsonObject().put("tls", certificate.options()));
    }

    @AfterAll
    static void close() {
        plain.close();
        secure.close();
    }

    @Test
    void pythonGetsEverythingBack() throws Exception {
        ForeignProgram python = ForeignProgram.find("python3", "apt-get install python3");
        Result result = python.run(new byte[0], "-c", PYTHON, String.valueOf(plain.port()), String.valueOf(BYTES));
        assertThat(result.err()).isEmpty();
        assertThat(result.text()).isEqualTo("True\n".repeat(3));
    }

    @Test
    void wgetGetsEverythingBack() throws Exception {
        ForeignProgram busybox = ForeignProgram.find("busybox", "apt-get install busybox");
        // It takes the file for a text that a zero byte ends.
        byte[] sent = new byte[BYTES];
        Random random = new Random(1);
        for (int i = 0; i < sent.length; i++) {
            sent[i] = (byte) ('a' + random.nextInt(26));
        }
        Path file = Files.write(directory.resolve("sent"), sent);
        Path back = directory.resolve("back");
        Result result = busybox.run(
                new byte[0],
                "wget",
                "-q",
                "-Y",
                "off",
                "-O",
                back.toString(),
                "--post-file",
                file.toString(),
                plain.url() + "/");
        assertThat(result.err()).isEmpty();
        assertThat(Files.mismatch(file, back)).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource
    void aBrowserGetsEverythingBack(Version version) throws Exception {
        ForeignProgram chromium = ForeignProgram.find("chromium", "apt-get install chromium");
        String url = version == Version.HTTP_1 ? plain.url() + "/" : "https://127.0.0.1:" + secure.port() + "/";
        Path page = Files.writeString(
                directory.resolve("page.html"), PAGE.replace("URL", url).replace("SIZE", String.valueOf(BYTES)));
        byte[] key = certificate.bundle().getCertificate().getPublicKey().getEncoded();
        String pin = Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
        List<String> arguments = new ArrayList<>(Arrays.asList(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-proxy-server",
                "--user-data-dir=" + Files.createDirectory(directory.resolve("profile-" + version)),
                // The page is a file, and the echo says nothing of other origins.
                "--disable-web-security",
                "--ignore-certificate-errors-spki-list=" + pin,
                version == Version.HTTP_3 ? "--origin-to-force-quic-on=127.0.0.1:" + secure.port() : "--disable-quic",
                // Its clock stands still while a response is awaited.
                "--virtual-time-budget=600000",
                "--dump-dom",
                page.toUri().toString()));
        Result result = chromium.run(new byte[0], arguments.toArray(String[]::new));
        assertThat(result.text()).as(result.err()).contains("came " + BYTES + ", the same true");
    }
}
