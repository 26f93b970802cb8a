package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which pages may read what comes back: the same over each version of HTTP. Of HTTP/1.1, {@link HttpMessagesTest} has more. */
class CorsTest {

    private static final String KNOWN = "https://page.example";

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static HttpServer server;

    @BeforeAll
    static void listen() throws Exception {
        certificates = new Certificates(directory);
        Certificates.Issued localhost = certificates.localhost();
        JsonObject tls = new JsonObject()
                .put("certificate", localhost.certificate().toString())
                .put("key", localhost.key().toString());
        server = HttpServer.listen(new JsonObject().put("tls", tls).put("cors", KNOWN));
    }

    @AfterAll
    static void close() {
        server.close();
    }

    /** What is answered: the status, the headers in small letters, and the body under no name. */
    private static Map<String, String> ask(String version, String method, Map<String, String> headers, String body)
            throws Exception {
        return version.equals("3") ? overHttp3(method, headers, body) : byCurl(version, method, headers, body);
    }

    private static Map<String, String> byCurl(String version, String method, Map<String, String> headers, String body)
            throws Exception {
        ForeignProgram curl = ForeignProgram.find("curl", "apt-get install curl");
        List<String> arguments = new ArrayList<>(List.of(
                "--silent",
                "--include",
                "--max-time",
                "50",
                "--http" + version,
                "-X",
                method,
                "--cacert",
                certificates.authority().toString()));
        headers.forEach((name, value) -> {
            arguments.add("-H");
            arguments.add(name + ": " + value);
        });
        if (!body.isEmpty()) {
            arguments.add("--data");
            arguments.add(body);
        }
        arguments.add("https://localhost:" + server.port() + "/");
        ForeignProgram.Result result = curl.run(new byte[0], arguments.toArray(String[]::new));
        assertThat(result.exitCode()).as(result.err()).isZero();
        String[] parts = result.text().split("\r\n\r\n", 2);
        String[] lines = parts[0].split("\r\n", -1);
        assertThat(lines[0]).startsWith("HTTP/" + version + " ");
        Map<String, String> answer = new TreeMap<>(Map.of(":status", lines[0].split(" ", -1)[1], "", parts[1]));
        for (int i = 1; i < lines.length; i++) {
            String[] header = lines[i].split(": ", 2);
            answer.put(header[0].toLowerCase(Locale.ROOT), header[1]);
        }
        return answer;
    }

    private static Map<String, String> overHttp3(String method, Map<String, String> headers, String body)
            throws Exception {
        Http3Headers asked = Http3Client.headers(method);
        headers.forEach((name, value) -> asked.add(name.toLowerCase(Locale.ROOT), value));
        try (Http3Client client = new Http3Client(
                QuicSslContextBuilder.forClient()
                        .trustManager(certificates.trustManager())
                        .applicationProtocols("h3")
                        .build(),
                new InetSocketAddress("127.0.0.1", server.port()),
                0,
                asked)) {
            client.out().write(body.getBytes(StandardCharsets.US_ASCII));
            client.closeOutput();
            Map<String, String> answer = new TreeMap<>();
            client.head()
                    .get(30, TimeUnit.SECONDS)
                    .forEach(header -> answer.put(
                            header.getKey().toString(), header.getValue().toString()));
            answer.put("", new String(client.in().readAllBytes(), StandardCharsets.US_ASCII));
            return answer;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.1", "2", "3"})
    void allowsKnownPagesToReadAndNoOthers(String version) throws Exception {
        assertThat(ask(version, "POST", Map.of("Origin", KNOWN), "hello"))
                .containsEntry(":status", "200")
                .containsEntry("access-control-allow-origin", KNOWN)
                .containsEntry("vary", "origin")
                .containsEntry("", "hello");
        assertThat(ask(version, "OPTIONS", Map.of("Origin", KNOWN, "Access-Control-Request-Method", "POST"), ""))
                .containsEntry(":status", "204")
                .containsEntry("access-control-allow-origin", KNOWN)
                .containsEntry("access-control-allow-headers", "*")
                .hasEntrySatisfying(
                        "access-control-allow-methods",
                        methods -> assertThat(methods).contains("POST"))
                .containsKey("access-control-max-age");
        for (Map<String, String> stranger :
                List.of(Map.of("Origin", "https://other.example"), Map.<String, String>of())) {
            assertThat(ask(version, "POST", stranger, "hello"))
                    .as(String.valueOf(stranger))
                    .containsEntry("", "hello")
                    .containsEntry("vary", "origin")
                    .doesNotContainKey("access-control-allow-origin");
        }
        assertThat(ask(
                        version,
                        "OPTIONS",
                        Map.of("Origin", "https://other.example", "Access-Control-Request-Method", "POST"),
                        ""))
                .doesNotContainKeys("access-control-allow-origin", "access-control-allow-methods");
    }
}
