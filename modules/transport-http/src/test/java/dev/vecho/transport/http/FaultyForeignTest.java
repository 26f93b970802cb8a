package dev.vecho.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

    /** Of HTTP/2, curl forgets what it reads together with RST_STREAM. */
    @ParameterizedTest
    @CsvSource({"--http1.1, 56", "--http2-prior-knowledge, 92"})
    void curlIsResetWithinAResponse(String version, int exitCode) throws Exception {
        try (HttpServer server = listen("{'toPeer': {'cut': {'afterBytes': 20}}}")) {
            Result result = curl(server, version);
            assertThat(result.exitCode()).as(result.err()).isEqualTo(exitCode);
            String all = "from here to there,  200";
            assertThat(result.text()).isIn(version.equals("--http1.1") ? List.of(all) : List.of(all, " 000"));
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

    private static final String LOSSES =
            "{'seed': 7, 'fromPeer': {'loss': {'rate': 0.4}}, 'toPeer': {'truncate': {'bytes': 9}}}";

    /** What a client of WebSocket has got of 50 texts, the last words of which the listener keeps back. */
    private static void assertLost(HttpServer server, String got) {
        long lost = server.faults().getOrDefault("fromPeer.loss", 0L);
        assertThat(lost).isBetween(5L, 35L);
        String all = IntStream.range(0, 50).mapToObj(i -> "message " + i % 10).collect(Collectors.joining(","));
        assertThat(got.split(","))
                .hasSize(50 - (int) lost)
                .allSatisfy(each -> assertThat(all).contains(each));
        assertThat(server.failures()).isEmpty();
    }

    @Test
    void wsForNodeMissesMessagesAndTheEndsOfOthers() throws Exception {
        Path modules = ForeignProgram.npm("ws", "8.18.0");
        String script = """
                const WebSocket = require('ws');
                const socket = new WebSocket(process.argv[2]);
                const got = [];
                socket.on('open', () => {
                  for (let i = 0; i < 50; i++) socket.send('message ' + (i % 10) + ', whole');
                  socket.ping();
                });
                socket.on('message', (data, binary) => got.push(binary ? '?' : data.toString()));
                socket.on('pong', () => socket.close(1000));
                socket.on('error', e => { console.log(String(e)); process.exit(1); });
                socket.on('close', code => console.log(code + ' ' + got.join(',')));
                """;
        Path file = Files.writeString(modules.resolve("faulty.js"), script);
        try (HttpServer server = listen(LOSSES)) {
            Result result = ForeignProgram.find("node", "apt-get install nodejs")
                    .run(new byte[0], file.toString(), server.url().replace("http:", "ws:"));
            assertThat(result.text()).as(result.err()).startsWith("1000 ");
            assertLost(server, result.text().strip().substring("1000 ".length()));
        }
    }

    /** A page hears nothing any more once it closes: it waits for the last message, which is not lost. */
    @Test
    void chromiumGetsMessagesAgainAndWithoutTheirEnds(@TempDir Path profile) throws Exception {
        ForeignProgram chromium = ForeignProgram.find("chromium", "apt-get install chromium");
        String page = """
                <script>
                  const socket = new WebSocket('WEB');
                  const got = [];
                  socket.onopen = () => {
                    for (let i = 10; i < 60; i++) socket.send('message ' + i + ', whole');
                  };
                  socket.onmessage = message => {
                    got.push(message.data);
                    if (message.data === 'message 59') socket.close(1000);
                  };
                  socket.onclose = end => fetch('/told', { method: 'POST', body: end.code + ' ' + got.join(',') });
                </script>
                """;
        CompletableFuture<String> told = new CompletableFuture<>();
        com.sun.net.httpserver.HttpServer pages =
                com.sun.net.httpserver.HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (HttpServer server =
                listen("{'seed': 7, 'fromPeer': {'duplicate': 0.3}, 'toPeer': {'truncate': {'bytes': 10}}}")) {
            pages.createContext("/", exchange -> {
                byte[] answer = page.replace("WEB", server.url().replace("http:", "ws:"))
                        .getBytes(StandardCharsets.UTF_8);
                if (exchange.getRequestURI().getPath().equals("/told")) {
                    told.complete(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                }
                exchange.getResponseHeaders().set("Content-Type", "text/html");
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
                exchange.close();
            });
            pages.start();
            Process browser = chromium.start(
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--no-proxy-server",
                    "--remote-debugging-port=0",
                    "--user-data-dir=" + profile.resolve("profile"),
                    "http://127.0.0.1:" + pages.getAddress().getPort() + "/");
            try {
                String got = told.get(60, TimeUnit.SECONDS);
                assertThat(got).startsWith("1000 ");
                List<String> messages = List.of(got.substring("1000 ".length()).split(","));
                assertThat(messages.stream().distinct().toList())
                        .isEqualTo(IntStream.range(10, 60)
                                .mapToObj(i -> "message " + i)
                                .toList());
                long again = server.faults().getOrDefault("fromPeer.duplicate", 0L);
                assertThat(again).isBetween(3L, 40L);
                assertThat((long) messages.size()).isBetween(49 + again, 50 + again);
            } finally {
                List<ProcessHandle> all = browser.descendants().toList();
                browser.destroyForcibly().waitFor();
                all.forEach(ProcessHandle::destroyForcibly);
                for (ProcessHandle each : all) {
                    each.onExit().orTimeout(30, TimeUnit.SECONDS).join();
                }
            }
        } finally {
            pages.stop(0);
        }
    }
}
