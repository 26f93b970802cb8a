package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.vecho.client.EchoClientVerticle;
import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A script's {@code options} do what they say, at our own server and at those of others. */
@Timeout(120)
class ConnectionOptionsTest {

    private static final String SECRET = "s3cret";
    private static final int PATIENCE_SECONDS = 60;

    /** Echoes messages, and tells first what it was asked for, in the end how many bytes it has read and of what kind. */
    private static final String NODE_SERVER = """
            const { WebSocketServer } = require('ws');
            const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 },
              handleProtocols: offered => offered.has('two') && 'two' });
            const tell = object => console.log(JSON.stringify(object));
            server.on('connection', (socket, request) => {
              let text = 0, tcp = request.socket;
              socket.on('message', (message, binary) => { text += binary ? 0 : 1; socket.send(message, { binary }); });
              socket.on('close', () => tell({ headers: request.headers, text, read: tcp.bytesRead }));
            });
            server.on('listening', () => tell({ port: server.address().port }));
            """;

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static Certificates.Issued certificate;
    private static Listeners listeners;

    @BeforeAll
    static void serve() throws Exception {
        vertx = Launch.vertx("auto");
        certificate = new Certificates(directory).localhost();
        JsonObject tls = new JsonObject()
                .put("certificate", certificate.certificate().toString())
                .put("key", certificate.key().toString());
        JsonObject each = new JsonObject()
                .put(
                        "ws",
                        Listeners.any()
                                .put("transport", "websocket")
                                .put("subprotocols", new JsonArray().add("one").add("two")))
                .put("plain", Listeners.any().put("transport", "websocket").put("compression", false))
                .put("http", Listeners.any().put("transport", "http").put("tls", tls))
                .put(
                        "quic",
                        Listeners.any()
                                .put("transport", "quic")
                                .put("tls", tls.copy().put("alpn", new JsonArray().add("mine"))));
        listeners = Listeners.serve(vertx, each);
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void agreesOnAWebSocketWithOurServer() throws Exception {
        String options = """
                { "ws": { "compression": true, "subprotocols": ["none", "two", "one"] } }""";
        assertThat(passed(address("ws"), options).details())
                .containsEntry("compression", "permessage-deflate")
                .containsEntry("subprotocol", "two");
        assertThat(passed(address("ws"), "{}").details()).doesNotContainKeys("compression", "subprotocol");
        assertThat(passed(address("plain"), "{ \"ws\": { \"compression\": true } }")
                        .details())
                .containsEntry("compression", "none");
    }

    @Test
    void areInTheConfigurationOfAVerticle() throws Exception {
        EchoClientVerticle client = new EchoClientVerticle();
        JsonObject script = new JsonObject()
                .put("targets", address("ws"))
                .put("options", new JsonObject("{ \"ws\": { \"compression\": true } }"));
        vertx.deployVerticle(client, new DeploymentOptions().setConfig(script))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        Report round = client.report()
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .cases()
                .get(0)
                .rounds()
                .get(0);
        assertThat(round.passed()).as(round.toJson().encodePrettily()).isTrue();
        assertThat(round.details()).containsEntry("compression", "permessage-deflate");
    }

    @Test
    void tellsThatNoSubprotocolWasAgreedOn() throws Exception {
        Diagnosis diagnosis = failed(address("ws"), "{ \"ws\": { \"subprotocols\": [\"three\", \"four\"] } }");
        assertThat(diagnosis.sentence()).endsWith(" agreed to none of the subprotocols three, four");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_000})
    void compressesMessagesOfAnySize(int size) throws Exception {
        JsonObject script = new JsonObject("""
                { "steps": [ { "send": { "random": %d }, "count": 2 }, { "expect": "echo" } ],
                  "options": { "ws": { "compression": true } } }""".formatted(size));
        assertThat(passed(address("ws"), script).bytesReceived()).isEqualTo(2L * size);
    }

    @Test
    void agreesOnAWebSocketWithWsForNode() throws Exception {
        Path script = ForeignProgram.npm("ws", "8.18.0").resolve("server.js");
        ForeignProgram node = ForeignProgram.find("node", "apt-get install nodejs");
        Files.writeString(script, NODE_SERVER);
        Process server = node.start(script.toString());
        try (BufferedReader told = server.inputReader(UTF_8)) {
            String target = "ws://127.0.0.1:" + new JsonObject(told.readLine()).getInteger("port") + "/a?b";
            String steps = "\"steps\": [ { \"send\": { \"text\": \"" + "vecho ".repeat(10_000)
                    + "\" }, \"count\": 10 }, { \"expect\": \"echo\" } ]";

            Report plain = passed(target, new JsonObject("{" + steps + "}"));
            assertThat(plain.details()).doesNotContainKeys("compression", "subprotocol");
            JsonObject asked = new JsonObject(told.readLine());
            assertThat(asked.getInteger("text")).isZero();
            assertThat(asked.getInteger("read")).isGreaterThan(600_000);
            assertThat(asked.getJsonObject("headers").fieldNames())
                    .doesNotContain("sec-websocket-extensions", "sec-websocket-protocol", "cookie");

            Report agreed = passed(target, new JsonObject("{" + steps + """
                    , "options": { "ws": { "compression": true, "subprotocols": ["one", "two"], "text": true,
                      "headers": { "Cookie": "a=s3cret", "Origin": "https://example.org", "Host": "example.org",
                                   "X-List": ["1", "2"] } } } }"""));
            assertThat(agreed.details())
                    .containsEntry("compression", "permessage-deflate")
                    .containsEntry("subprotocol", "two");
            assertThat(agreed.bytesReceived()).isEqualTo(600_000);
            asked = new JsonObject(told.readLine());
            assertThat(asked.getInteger("text")).isEqualTo(10);
            assertThat(asked.getInteger("read")).as("bytes on the way").isBetween(100, 100_000);
            assertThat(asked.getJsonObject("headers").getMap())
                    .containsEntry("cookie", "a=s3cret")
                    .containsEntry("origin", "https://example.org")
                    .containsEntry("host", "example.org")
                    .containsEntry("x-list", "1, 2");

            assertThat(passed(target, new JsonObject("""
                    { "steps": [ { "send": { "random": 100000 }, "count": 5 }, { "expect": "echo" } ],
                      "options": { "ws": { "compression": true } } }""")).bytesReceived()).isEqualTo(500_000);
        } finally {
            server.destroy();
        }
    }

    @Test
    void sendsNoTextThatIsNone() throws Exception {
        Diagnosis diagnosis =
                Objects.requireNonNull(round(address("ws"), new JsonObject("""
                { "steps": [ { "send": { "hex": "ff" } }, { "expect": "echo" } ],
                  "options": { "ws": { "text": true } } }""")).diagnosis());
        assertThat(diagnosis.sentence())
                .startsWith("options.ws.text: a message that is not UTF-8 cannot be sent as text");
    }

    @Test
    void asksAnHttpServerAsItIsTold() throws Exception {
        BlockingQueue<Map.Entry<String, Headers>> requests = new LinkedBlockingQueue<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            requests.add(Map.entry(exchange.getRequestMethod(), exchange.getRequestHeaders()));
            echo(exchange);
        });
        server.start();
        try {
            String target = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
            passed(target, halves("{}"));
            Map.Entry<String, Headers> usual = requests.take();
            assertThat(usual.getKey()).isEqualTo("POST");
            assertThat(usual.getValue())
                    .containsEntry("Content-type", List.of("application/octet-stream"))
                    .containsEntry("User-agent", List.of("vecho"))
                    .containsEntry("Host", List.of(target.substring(7, target.length() - 1)));

            passed(target, halves("""
                    { "http": { "method": "PATCH", "contentType": "text/plain;charset=utf-8",
                        "headers": { "Host": "example.org:80", "user-agent": "me", "Authorization": "Bearer s3cret",
                                     "X-List": ["1", "2"], "X-Empty": "", "Expect": "100-continue" } } }"""));
            Map.Entry<String, Headers> told = requests.take();
            assertThat(told.getKey()).isEqualTo("PATCH");
            assertThat(told.getValue())
                    .containsEntry("Content-type", List.of("text/plain;charset=utf-8"))
                    .containsEntry("User-agent", List.of("me"))
                    .containsEntry("Host", List.of("example.org:80"))
                    .containsEntry("Authorization", List.of("Bearer s3cret"))
                    .containsEntry("X-list", List.of("1", "2"))
                    .containsEntry("X-empty", List.of(""))
                    .containsEntry("Transfer-encoding", List.of("chunked"));

            for (String type : List.of("text/html", "none")) {
                Report report = round(target, halves("{ \"http\": { \"contentType\": \"a/" + type + "\" } }"));
                assertThat(Objects.requireNonNull(report.diagnosis()).sentence())
                        .contains(
                                type.equals("none")
                                        ? " answered without a Content-Type, expected \"a/none\""
                                        : " answered with the Content-Type \"other\", expected \"a/text/html\"");
            }
        } finally {
            server.stop(0);
        }
    }

    /** Spaces in the type mean nothing; what it is asked for may be another type, or none. */
    private static void echo(HttpExchange exchange) throws IOException {
        String type = exchange.getRequestHeaders().getFirst("Content-type");
        if (type.equals("a/text/html")) {
            exchange.getResponseHeaders().set("Content-Type", "other");
        } else if (!type.equals("a/none")) {
            exchange.getResponseHeaders().set("Content-Type", type.replace(";", " ; "));
        }
        exchange.sendResponseHeaders(200, 0);
        try (InputStream in = exchange.getRequestBody()) {
            in.transferTo(exchange.getResponseBody());
        }
        exchange.close();
    }

    @Test
    void asksAServerOfHttp2AsItIsTold() throws Exception {
        BlockingQueue<HttpServerRequest> requests = new LinkedBlockingQueue<>();
        int port = vertx.createHttpServer(new HttpServerOptions()
                        .setUseAlpn(true)
                        .setSsl(true)
                        .setKeyCertOptions(new PemKeyCertOptions()
                                .addCertPath(certificate.certificate().toString())
                                .addKeyPath(certificate.key().toString())))
                .requestHandler(request -> {
                    requests.add(request);
                    request.response().putHeader("content-type", request.getHeader("content-type"));
                    request.pipeTo(request.response());
                })
                .listen(0, "127.0.0.1")
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .actualPort();
        Report report = passed(
                "https://127.0.0.1:" + port,
                halves("""
                { "http": { "method": "DELETE", "contentType": "text/plain",
                    "headers": { "Host": "example.org:80", "X-List": ["1", "2"] } } }""").put("tls", new JsonObject().put("insecure", true).put("alpn", "h2")));
        assertThat(report.details()).containsEntry("http", "HTTP/2");
        HttpServerRequest request = requests.take();
        assertThat(request.version()).isEqualTo(HttpVersion.HTTP_2);
        assertThat(request.method().name()).isEqualTo("DELETE");
        assertThat(request.authority()).hasToString("example.org:80");
        assertThat(request.headers().getAll("x-list")).containsExactly("1", "2");
    }

    @ParameterizedTest
    @CsvSource({"https, http/1.1, HTTP/1.1", "https, h2, HTTP/2", "h3, h2, HTTP/3"})
    void asksOurServerInEveryVersion(String scheme, String alpn, String version) throws Exception {
        String target = address("http").replace("https:", scheme + ":");
        JsonObject tls = new JsonObject().put("insecure", true).put("alpn", alpn);
        for (String method : List.of("PUT", "GET")) {
            Report report = passed(
                    target, new JsonObject().put("tls", tls).put("options", new JsonObject("""
                    { "http": { "method": "%s", "contentType": "text/plain;charset=utf-8",
                        "headers": { "Host": "example.org", "Cookie": "a=s3cret; b=c" } } }""".formatted(method))));
            assertThat(report.details()).containsEntry("http", version);
        }
        Report refused = round(
                target,
                new JsonObject()
                        .put("tls", tls)
                        .put(
                                "options",
                                new JsonObject(
                                        "{ \"http\": { \"headers\": { \"X-A\": \"" + "a".repeat(17_000) + "\" } } }")));
        assertThat(Objects.requireNonNull(refused.diagnosis()).sentence()).contains(" answered 431");
    }

    @Test
    void offersQuicTheProtocolsOfItsOwn() throws Exception {
        JsonObject tls = new JsonObject().put("insecure", true).put("alpn", "h2");
        Report report = passed(
                address("quic"),
                new JsonObject()
                        .put("tls", tls)
                        .put("options", new JsonObject("{ \"quic\": { \"alpn\": [\"other\", \"mine\"] } }")));
        assertThat(report.details()).containsEntry("alpn", "mine");
        assertThat(Objects.requireNonNull(round(address("quic"), new JsonObject().put("tls", tls))
                                .diagnosis())
                        .reason())
                .isEqualTo("alpn");
    }

    @Test
    void tellsEverythingThatIsWrongAndNoSecret() {
        List<String> problems = problems(new JsonObject("""
                { "http": { "method": "TRACE", "contentType": "a\\nb",
                    "headers": { "Content-Length": "5", "transfer-encoding": "s3cret", "Connection": "s3cret",
                                 "Content-Type": "s3cret", "Authorization": 53, "Cookie": "s3cret\\r\\nX: y",
                                 "cookie": "s3cret", "Host": ["s3cret", "b"], "Bad: s3cret": "s3cret", "X": { "s3cret": "" } } },
                  "ws": { "compression": "yes", "subprotocols": ["a b"], "text": 1, "deflate": true,
                    "headers": { "Sec-WebSocket-Key": "s3cret", "Sec-WebSocket-Protocol": "s3cret",
                                 "Sec-WebSocket-Extensions": "s3cret", "Host": "a/s3cret" } },
                  "quic": { "alpn": [], "applicationProtocol": "a" },
                  "https": {}, "tcp": { "noDelay": true }, "somethingElse": {} }"""));
        String framing = "cannot be given: it says where a request ends or how its connection is used";
        assertThat(problems)
                .allSatisfy(problem -> assertThat(problem).doesNotContain(SECRET))
                .containsExactlyInAnyOrder(
                        "s.json: options.http.method: must have an echo, was TRACE, whose request has no body",
                        "s.json: options.http.contentType: must be printable ASCII, such as text/plain; charset=utf-8",
                        "s.json: options.http.headers.Content-Length: " + framing,
                        "s.json: options.http.headers.transfer-encoding: " + framing,
                        "s.json: options.http.headers.Connection: " + framing,
                        "s.json: options.http.headers.Content-Type: has an option of its own, contentType, and must be"
                                + " that of the response then",
                        "s.json: options.http.headers.Authorization: must be a text or a list of texts",
                        "s.json: options.http.headers.Cookie: must be printable ASCII, in one line",
                        "s.json: options.http.headers.cookie: is there twice, as Cookie too",
                        "s.json: options.http.headers.Host: must be a single text, a name and maybe a port",
                        "s.json: options.http.headers: has a name that is not a token, without spaces and colons:"
                                + " \"Bad…\"",
                        "s.json: options.http.headers.X: must be a text or a list of texts",
                        "s.json: options.ws.compression: must be true or false, was \"yes\"",
                        "s.json: options.ws.subprotocols: must be tokens, without spaces and separators, was \"a b\"",
                        "s.json: options.ws.text: must be true or false, was 1",
                        "s.json: options.ws.deflate: is not a known key, expected one of compression, subprotocols, text,"
                                + " headers",
                        "s.json: options.ws.headers.Sec-WebSocket-Key: cannot be given: it belongs to the handshake",
                        "s.json: options.ws.headers.Sec-WebSocket-Protocol: has an option of its own, subprotocols",
                        "s.json: options.ws.headers.Sec-WebSocket-Extensions: has an option of its own, compression",
                        "s.json: options.ws.headers.Host: must be a single text, a name and maybe a port",
                        "s.json: options.quic.alpn: must have a protocol, for QUIC needs one",
                        "s.json: options.quic.applicationProtocol: is not a known key, expected one of alpn",
                        "s.json: options.https: is not a known key, did you mean \"http\"?",
                        "s.json: options.tcp.noDelay: is not a known key, expected none",
                        "s.json: options.somethingElse: is not a known key, expected one of eventbus, grpc, http, quic, stamp,"
                                + " tcp, udp, unix, ws");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "ws", "quic"})
    void areThoseOfTheSchema(String transport) throws IOException {
        JsonObject schema =
                new JsonObject(Files.readString(Path.of("..", "..", "conf", "check", "script.schema.json")));
        Set<String> keys = schema.getJsonObject("$defs")
                .getJsonObject(transport)
                .getJsonObject("properties")
                .fieldNames();
        String mark = "is not a known key, expected one of ";
        String problem = problems(new JsonObject().put(transport, new JsonObject().put("z".repeat(50), 1)))
                .get(0);
        assertThat(new TreeSet<>(List.of(
                        problem.substring(problem.indexOf(mark) + mark.length()).split(", "))))
                .isEqualTo(new TreeSet<>(keys));
    }

    private static String address(String listener) {
        return listeners.address(listener);
    }

    private static List<String> problems(JsonObject options) {
        return catchThrowableOfType(
                        InvalidInputException.class,
                        () -> Run.open(
                                        vertx,
                                        Script.of(new JsonObject().put("options", options), Source.named("s.json")))
                                .await(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .problems();
    }

    /** For a server that answers when it has the whole request. */
    private static JsonObject halves(String options) {
        return new JsonObject("""
                { "steps": [ { "send": { "random": 100000 } }, { "close": "output" }, { "expect": "echo" },
                             { "expect": "end" } ] }""").put("options", new JsonObject(options));
    }

    private static Report passed(String target, String options) throws Exception {
        return passed(target, new JsonObject().put("options", new JsonObject(options)));
    }

    private static Report passed(String target, JsonObject script) throws Exception {
        Report report = round(target, script);
        assertThat(report.passed()).as(report.toJson().encodePrettily()).isTrue();
        return report;
    }

    private static Diagnosis failed(String target, String options) throws Exception {
        return Objects.requireNonNull(round(target, new JsonObject().put("options", new JsonObject(options)))
                .diagnosis());
    }

    /** One round; nothing that it reports has a secret. */
    private static Report round(String target, JsonObject script) throws Exception {
        Script read = Script.of(script.put("targets", target), Source.named("s.json"));
        var report = Run.open(vertx, read)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .play(RunListener.NONE)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(report.toJson().encode()).doesNotContain(SECRET);
        return report.cases().get(0).rounds().get(0);
    }
}
