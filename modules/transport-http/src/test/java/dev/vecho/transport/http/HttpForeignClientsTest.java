package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that are not ours: curl, the JDK's, and ws for Node. */
class HttpForeignClientsTest {

    private static final int LARGE = 50 * 1024 * 1024;

    @TempDir
    static Path directory;

    private static HttpServer plain;
    private static HttpServer secure;
    private static Certificates certificates;
    private static byte[] large;

    @BeforeAll
    static void listen() throws Exception {
        certificates = new Certificates(directory);
        Certificates.Issued localhost = certificates.localhost();
        plain = HttpServer.listen(new JsonObject().put("subprotocols", new JsonArray().add("echo")));
        secure = HttpServer.listen(new JsonObject()
                .put(
                        "tls",
                        new JsonObject()
                                .put("certificate", localhost.certificate().toString())
                                .put("key", localhost.key().toString())));
        large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(directory.resolve("large"), large);
    }

    @AfterAll
    static void close() {
        plain.close();
        secure.close();
    }

    @ParameterizedTest
    @CsvSource({
        "http, --http1.1, 1.1",
        "http, --http2-prior-knowledge, 2",
        "https, --http1.1, 1.1",
        "https, --http2, 2",
    })
    void curlGetsALargeBodyBack(String scheme, String option, String version) throws Exception {
        ForeignProgram curl = ForeignProgram.find("curl", "apt-get install curl");
        for (String upload : List.of("--data-binary", "--upload-file")) {
            Path back = directory.resolve("back");
            String file = directory.resolve("large").toString();
            Result result = curl.run(
                    new byte[0],
                    "--silent",
                    "--show-error",
                    option,
                    "--cacert",
                    certificates.authority().toString(),
                    "--max-time",
                    "50",
                    "--header",
                    "Content-Type: image/x-own",
                    upload,
                    upload.equals("--data-binary") ? "@" + file : file,
                    "--output",
                    back.toString(),
                    "--write-out",
                    "%{http_version} %{http_code} %{content_type}",
                    scheme + "://localhost:" + (scheme.equals("https") ? secure : plain).port() + "/");
            assertThat(result.err()).isEmpty();
            assertThat(result.text()).isEqualTo(version + " 200 image/x-own");
            assertThat(Files.mismatch(directory.resolve("large"), back)).isEqualTo(-1);
        }
    }

    @Test
    void curlStreamsWhatItsLengthIsNotKnownOf() throws Exception {
        ForeignProgram curl = ForeignProgram.find("curl", "apt-get install curl");
        for (String option : List.of("--http1.1", "--http2-prior-knowledge")) {
            Result result = curl.run(large, "--silent", "--max-time", "50", option, "-T", "-", plain.url());
            assertThat(result.out().getBytes()).isEqualTo(large);
        }
    }

    /** What comes back is what was sent: no client's wish for compression changes it. */
    @ParameterizedTest
    @CsvSource({"http, --http1.1", "http, --http2-prior-knowledge", "https, --http2"})
    void compressesNothingThatAClientWouldTakeCompressed(String scheme, String option) throws Exception {
        ForeignProgram curl = ForeignProgram.find("curl", "apt-get install curl");
        String text = "compressible ".repeat(10_000);
        Result result = curl.run(
                text.getBytes(StandardCharsets.US_ASCII),
                "--silent",
                "--include",
                "--max-time",
                "50",
                option,
                "--cacert",
                certificates.authority().toString(),
                "-H",
                "Accept-Encoding: gzip, br, zstd, deflate",
                "-H",
                "Content-Type: text/plain",
                "--data-binary",
                "@-",
                scheme + "://localhost:" + (scheme.equals("https") ? secure : plain).port() + "/");
        assertThat(result.text())
                .endsWith("\r\n\r\n" + text)
                .doesNotContainIgnoringCase("content-encoding")
                .doesNotContainIgnoringCase("vary");
    }

    @Test
    void curlGetsGreeted() throws Exception {
        ForeignProgram curl = ForeignProgram.find("curl", "apt-get install curl");
        for (String option : List.of("--http1.1", "--http2-prior-knowledge")) {
            assertThat(curl.run(new byte[0], "--silent", option, plain.url()).text())
                    .contains("an echo service");
            assertThat(curl.run(new byte[0], "--silent", "--head", option, plain.url())
                            .text())
                    .contains(" 200")
                    .containsIgnoringCase("content-length: 79");
            assertThat(curl.run(new byte[0], "--silent", "-i", "-X", "TRACE", option, plain.url())
                            .text())
                    .contains(" 405");
        }
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void theJdkGetsManyBodiesBackAtOnce(HttpClient.Version version) throws Exception {
        HttpClient client = HttpClient.newBuilder()
                .version(version)
                .sslContext(dev.vecho.testkit.SocketClient.trusting(certificates.trustManager()))
                .connectTimeout(Duration.ofSeconds(30))
                .build();
        List<CompletableFuture<HttpResponse<byte[]>>> running = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            byte[] body = new byte[i * 10_000];
            new Random(i).nextBytes(body);
            running.add(client.sendAsync(
                    HttpRequest.newBuilder(URI.create("https://localhost:" + secure.port() + "/"))
                            .timeout(Duration.ofSeconds(60))
                            .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofByteArray()));
        }
        for (int i = 0; i < 50; i++) {
            HttpResponse<byte[]> response = running.get(i).get(60, TimeUnit.SECONDS);
            byte[] body = new byte[i * 10_000];
            new Random(i).nextBytes(body);
            assertThat(response.version()).isEqualTo(version);
            assertThat(response.body()).isEqualTo(body);
        }
    }

    @Test
    void wsForNodeGetsItsMessagesBack() throws Exception {
        Path modules = ForeignProgram.npm("ws", "8.18.0");
        ForeignProgram node = ForeignProgram.find("node", "apt-get install nodejs");
        String script = """
                const WebSocket = require('ws');
                const socket = new WebSocket(process.argv[2], ['other', 'echo'], {perMessageDeflate: {threshold: 0}});
                const sizes = [0, 1, 125, 126, 65535, 65536, 1000000, 5000000];
                const sent = sizes.flatMap(n => [Buffer.alloc(n, 'vecho'), 'µ'.repeat(n / 2)]);
                let at = 0, pongs = 0;
                socket.on('open', () => { sent.forEach(m => { socket.send(m); socket.ping('p'); }); });
                socket.on('pong', () => pongs++);
                socket.on('message', (data, binary) => {
                  const expected = sent[at++];
                  if (binary !== (typeof expected !== 'string') || Buffer.compare(data, Buffer.from(expected)) !== 0) {
                    console.log('message ' + at + ' differs'); process.exit(1);
                  }
                  if (at === sent.length) socket.close(4321, 'done');
                });
                socket.on('error', e => { console.log(String(e)); process.exit(1); });
                socket.on('close', code => console.log(
                  [at, pongs, code, socket.protocol, socket.extensions].join(' ')));
                """;
        Path file = Files.writeString(modules.resolve("client.js"), script, StandardCharsets.UTF_8);
        Result result = node.run(new byte[0], file.toString(), plain.url().replace("http:", "ws:"));
        assertThat(result.err()).isEmpty();
        assertThat(result.text()).startsWith("16 16 4321 echo permessage-deflate");
    }
}
