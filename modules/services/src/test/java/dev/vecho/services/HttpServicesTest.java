package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.transport.http.HttpTransport;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Services on requests of HTTP, asked by curl. */
class HttpServicesTest {

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private String listen(JsonObject options) throws Exception {
        Problems problems = new Problems();
        options.put("host", "127.0.0.1").put("port", 0);
        ServerTransport server = new HttpTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        Promise<Listener> open = Promise.promise();
        vertx.runOnContext(start -> server.listen(new Traffic()).onComplete(open));
        return open.future()
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .addresses()
                .get(0);
    }

    private static String curl(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("-sS", "--max-time", "60"));
        all.addAll(List.of(arguments));
        ForeignProgram.Result result =
                ForeignProgram.find("curl", "apt-get install curl").run(new byte[0], all.toArray(String[]::new));
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result.text();
    }

    @Test
    void tellsHeadersInTheirOrderAsTheyWereWritten() throws Exception {
        String address = listen(new JsonObject().put("service", "whoami"));
        JsonObject http = new JsonObject(
                        curl(address + "/a/b?c=d", "-H", "X-Mixed: 1", "-H", "x-mIXED: 2", "-X", "PUT"))
                .getJsonObject("http");
        assertThat(http.getString("version")).isEqualTo("HTTP/1.1");
        assertThat(http.getString("method")).isEqualTo("PUT");
        assertThat(http.getString("target")).isEqualTo("/a/b?c=d");
        JsonArray headers = http.getJsonArray("headers");
        assertThat(headers.getJsonObject(headers.size() - 2).getMap())
                .containsEntry("name", "X-Mixed")
                .containsEntry("value", "1");
        assertThat(headers.getJsonObject(headers.size() - 1).getMap())
                .containsEntry("name", "x-mIXED")
                .containsEntry("value", "2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.1", "--http2"})
    void tellsWhatWasAgreedUponInTls(String version) throws Exception {
        Certificates certificates = new Certificates(directory);
        String address = listen(new JsonObject()
                .put("service", "whoami")
                .put("tls", certificates.localhost().options()));
        String port = address.substring(address.lastIndexOf(':') + 1);
        JsonObject told = new JsonObject(curl(
                version,
                "--cacert",
                certificates.authority().toString(),
                "--resolve",
                "localhost:" + port + ":127.0.0.1",
                "-d",
                "some content",
                "https://localhost:" + port + "/"));
        assertThat(told.getString("remote")).startsWith("127.0.0.1:");
        assertThat(told.getJsonObject("tls").getString("serverName")).isEqualTo("localhost");
        assertThat(told.getJsonObject("tls").getString("alpn"))
                .isEqualTo(version.equals("--http2") ? "h2" : "http/1.1");
        assertThat(told.getJsonObject("http").getString("version"))
                .isEqualTo(version.equals("--http2") ? "HTTP/2" : "HTTP/1.1");
    }

    @Test
    void answersOneRequestAfterAnotherOnAConnection() throws Exception {
        String address = listen(new JsonObject().put("service", "time"));
        String told = curl(
                "-w",
                "%{num_connects} %{http_code} %{size_download}\n",
                "-o",
                "/dev/null",
                address,
                "-o",
                "/dev/null",
                address);
        assertThat(told).isEqualTo("1 200 4\n0 200 4\n");
        assertThat(curl("-I", address)).contains("200 OK", "content-length: 4");
    }

    @Test
    void discardsABodyOfAnySize() throws Exception {
        String address = listen(new JsonObject().put("service", "discard").put("maxMessageBytes", 1000));
        Path file = directory.resolve("large");
        java.nio.file.Files.write(file, new byte[20_000_000]);
        assertThat(curl(
                        "-w",
                        "%{http_code} %{size_upload}",
                        "-H",
                        "Expect: 100-continue",
                        "--data-binary",
                        "@" + file,
                        address))
                .isEqualTo("204 20000000");
    }

    @Test
    void givesAServiceThatReadsWholeBodiesWithinALimit() throws Exception {
        String address = listen(new JsonObject().put("service", "copy").put("maxMessageBytes", 1000));
        assertThat(curl("-d", "x".repeat(1000), address)).isEqualTo("x".repeat(1000));
        assertThat(curl("-o", "/dev/null", "-w", "%{http_code}", "-d", "x".repeat(1001), address))
                .isEqualTo("413");
    }
}
