package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Faults as clients see them that are not ours. */
class FaultyForeignTest {

    private static final byte[] BODY = "from here to there, and no further".getBytes(StandardCharsets.US_ASCII);

    private static HttpServer listen(String faults) throws Exception {
        return HttpServer.listen(new JsonObject().put("faults", new JsonObject(faults.replace('\'', '"'))));
    }

    private static Result curl(HttpServer server, String... options) throws Exception {
        String[] all = new String[options.length + 6];
        System.arraycopy(options, 0, all, 0, options.length);
        System.arraycopy(
                new String[] {"--silent", "--data-binary", "@-", "--write-out", " %{http_code}", server.url()},
                0,
                all,
                options.length,
                6);
        return ForeignProgram.find("curl", "apt-get install curl").run(BODY, all);
    }

    @ParameterizedTest
    @CsvSource({"--http1.1, 56", "--http2-prior-knowledge, 92"})
    void curlIsResetWithinAResponse(String version, int exitCode) throws Exception {
        try (HttpServer server = listen("{'toPeer': {'cut': {'afterBytes': 20}}}")) {
            Result result = curl(server, version);
            assertThat(result.exitCode()).as(result.err()).isEqualTo(exitCode);
            assertThat(result.text()).isEqualTo("from here to there,  200");
        }
    }

    @ParameterizedTest
    @CsvSource({"--http1.1", "--http2-prior-knowledge"})
    void curlMissesTheEndOfAResponse(String version) throws Exception {
        try (HttpServer server = listen("{'toPeer': {'cut': {'afterBytes': 20, 'with': 'fin'}}}")) {
            Result result = curl(server, version);
            assertThat(result.text()).doesNotContain("further");
            assertThat(result.exitCode()).as(result.err()).isNotZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"--http1.1", "--http2-prior-knowledge"})
    void curlGetsAStatus(String version) throws Exception {
        try (HttpServer server = listen("{'toPeer': {'status': {'code': 503}}}")) {
            assertThat(curl(server, version).text()).isEqualTo("503 Service Unavailable\n 503");
        }
    }

    /** It sends the head of a request, and no body before it has read the answer. */
    @Test
    void pythonIsForbiddenBeforeItHasSentABody() throws Exception {
        try (HttpServer server = listen("{'toPeer': {'status': {'code': 403, 'beforeBody': true}}}")) {
            String program = String.join(
                    "\n",
                    "import http.client",
                    "connection = http.client.HTTPConnection('127.0.0.1', " + server.port() + ", timeout=30)",
                    "connection.putrequest('POST', '/')",
                    "connection.putheader('Content-Length', '1000000')",
                    "connection.endheaders()",
                    "response = connection.getresponse()",
                    "print(response.status, response.read())");
            Result result =
                    ForeignProgram.find("python3", "apt-get install python3").run(new byte[0], "-c", program);
            assertThat(result.text()).as(result.err()).isEqualTo("403 b'403 Forbidden\\n'\n");
        }
    }
}
