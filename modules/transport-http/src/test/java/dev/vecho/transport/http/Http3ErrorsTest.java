package dev.vecho.transport.http;

import static dev.vecho.transport.http.Http3Wire.data;
import static dev.vecho.transport.http.Http3Wire.frame;
import static dev.vecho.transport.http.Http3Wire.headers;
import static dev.vecho.transport.http.Http3Wire.join;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client of HTTP/3 hears that does not keep to RFC 9114, as it looks on the wire. */
class Http3ErrorsTest {

    private static final String H3_FRAME_ERROR = "106";
    private static final String H3_REQUEST_INCOMPLETE = "10d";
    private static final String H3_MESSAGE_ERROR = "10e";

    private static final List<String> POST =
            List.of(":method", "POST", ":scheme", "https", ":authority", "localhost", ":path", "/");

    @TempDir
    static Path directory;

    private static JsonObject tls;
    private static QuicSslContext trusting;

    private HttpServer server;
    private Http3Wire client;

    @BeforeAll
    static void makeCertificates() {
        Certificates certificates = new Certificates(directory);
        tls = certificates.localhost().options();
        trusting = QuicSslContextBuilder.forClient()
                .trustManager(certificates.trustManager())
                .applicationProtocols("h3")
                .build();
    }

    @BeforeEach
    void connect() throws Exception {
        server = HttpServer.listen(new JsonObject().put("tls", tls));
        client = new Http3Wire(trusting, new InetSocketAddress("127.0.0.1", server.port()));
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private String end(byte[] bytes, boolean end) throws Exception {
        // Where three packets in turn get lost, a busy machine makes QUIC wait long before it sends the next.
        return client.request(bytes, end).get(30, TimeUnit.SECONDS);
    }

    private static byte[] post(String... more) {
        List<String> fields = new ArrayList<>(POST);
        fields.addAll(List.of(more));
        return headers(fields.toArray(String[]::new));
    }

    private static String[] without(String pseudo) {
        List<String> fields = new ArrayList<>(POST);
        int at = fields.indexOf(pseudo);
        fields.subList(at, at + 2).clear();
        return fields.toArray(String[]::new);
    }

    private static String[] with(String pseudo, String value) {
        List<String> fields = new ArrayList<>(POST);
        fields.set(fields.indexOf(pseudo) + 1, value);
        return fields.toArray(String[]::new);
    }

    /** RFC 9114, sections 4.1.2, 4.2, 4.3.1 and 10.3. */
    static final List<Arguments> MALFORMED = List.of(
            Arguments.of("no method", headers(without(":method"))),
            Arguments.of("no scheme", headers(without(":scheme"))),
            Arguments.of("no path", headers(without(":path"))),
            Arguments.of("no authority", headers(without(":authority"))),
            Arguments.of("nothing", headers()),
            Arguments.of("an empty path", headers(with(":path", ""))),
            Arguments.of("a path that does not begin with a slash", headers(with(":path", "x"))),
            Arguments.of("a method that is none", headers(with(":method", "PO ST"))),
            Arguments.of("an empty method", headers(with(":method", ""))),
            Arguments.of("an empty authority", headers(with(":authority", ""))),
            Arguments.of("an authority with a user", headers(with(":authority", "me@localhost"))),
            Arguments.of("a pseudo-header twice", post(":path", "/")),
            Arguments.of("a pseudo-header that nobody knows", post(":strange", "1")),
            Arguments.of("a pseudo-header of responses", post(":status", "200")),
            Arguments.of(
                    "a pseudo-header after a header",
                    headers(":method", "POST", ":scheme", "https", ":authority", "localhost", "x", "1", ":path", "/")),
            Arguments.of("capitals", post("X-Own", "1")),
            Arguments.of("an empty name", post("", "1")),
            Arguments.of("a name with a space", post("x own", "1")),
            Arguments.of("a name with a colon", post("x:own", "1")),
            Arguments.of("a value with a line feed", post("x", "1\n2")),
            Arguments.of("a value with a carriage return", post("x", "1\r2")),
            Arguments.of("a value with a zero", post("x", "1\0002")),
            Arguments.of("a value that begins with a space", post("x", " 1")),
            Arguments.of("a value that ends with a tab", post("x", "1\t")),
            Arguments.of("connection", post("connection", "close")),
            Arguments.of("keep-alive", post("keep-alive", "5")),
            Arguments.of("proxy-connection", post("proxy-connection", "close")),
            Arguments.of("transfer-encoding", post("transfer-encoding", "chunked")),
            Arguments.of("upgrade", post("upgrade", "websocket")),
            Arguments.of("te", post("te", "gzip")),
            Arguments.of("another host", post("host", "elsewhere")),
            Arguments.of("a content-length that is none", post("content-length", "ten")),
            Arguments.of("a negative content-length", post("content-length", "-1")),
            Arguments.of("two content-lengths", post("content-length", "1", "content-length", "2")),
            Arguments.of("a shorter body", join(post("content-length", "10"), data("hello"))),
            Arguments.of("a longer body", join(post("content-length", "3"), data("hello"))),
            Arguments.of("a body instead of none", join(post("content-length", "0"), data("hello"))),
            Arguments.of("a pseudo-header in the trailers", join(post(), data("hello"), headers(":path", "/"))),
            Arguments.of("capitals in the trailers", join(post(), data("hello"), headers("X", "1"))));

    @ParameterizedTest(name = "{0}")
    @FieldSource("MALFORMED")
    void resetsAMalformedRequest(String what, byte[] request) throws Exception {
        assertThat(end(request, true)).as(what).isEqualTo("reset " + H3_MESSAGE_ERROR);
        // The connection, and who else uses it, does not suffer.
        assertThat(end(join(post(), data("hello")), true)).isEqualTo("end");
    }

    /** A FIN that comes instead would say that the response is whole. */
    @Test
    void resetsAMalformedRequestThoughPacketsGetLost() throws Exception {
        for (int i = 0; i < 30; i++) {
            client.lose(1 + i % 3);
            assertThat(end(post("upgrade", "websocket"), false)).isEqualTo("reset " + H3_MESSAGE_ERROR);
        }
    }

    @Test
    void takesWhatIsUnusualButAllowed() throws Exception {
        assertThat(end(post("te", "trailers", "x", "a b\tc \u00e9", "cookie", "a=1", "cookie", "b=2"), true))
                .isEqualTo("end");
        assertThat(end(post("host", "localhost"), true)).isEqualTo("end");
        assertThat(end(headers(with(":path", "/?a=b&c")), true)).isEqualTo("end");
        assertThat(end(
                        headers(":method", "OPTIONS", ":scheme", "https", ":authority", "localhost", ":path", "*"),
                        true))
                .isEqualTo("end");
    }

    /** Section 4.1: without a whole head there is nothing to answer. */
    @Test
    void resetsARequestThatEndsBeforeItBegins() throws Exception {
        assertThat(end(new byte[0], true)).isEqualTo("reset " + H3_REQUEST_INCOMPLETE);
        // A frame of a reserved type; section 7.2.8.
        assertThat(end(frame(0x21, (byte) 1), true)).isEqualTo("reset " + H3_REQUEST_INCOMPLETE);
        assertThat(end(join(post(), data("hello")), true)).isEqualTo("end");
    }

    /** Section 7.1. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 20, 50})
    void closesTheConnectionWhenAHeadIsCut(int bytes) throws Exception {
        assertThat(end(Arrays.copyOf(post(), bytes), true)).isEqualTo("connection " + H3_FRAME_ERROR);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void closesTheConnectionWhenABodyIsCut(int bytes) throws Exception {
        assertThat(end(join(post(), Arrays.copyOf(data("hello"), bytes)), true))
                .isEqualTo("connection " + H3_FRAME_ERROR);
    }

    @Test
    void closesTheConnectionWhenAFrameThatNobodyKnowsIsCut() throws Exception {
        assertThat(end(join(post(), Arrays.copyOf(frame(0x21, new byte[100]), 50)), true))
                .isEqualTo("connection " + H3_FRAME_ERROR);
    }

    /** A stream that is reset may end anywhere. */
    @Test
    void keepsTheConnectionWhenAStreamIsResetWithinAFrame() throws Exception {
        client.reset(Arrays.copyOf(post(), 20));
        client.reset(join(post(), Arrays.copyOf(data("hello"), 4)));
        assertThat(end(join(post(), data("hello")), true)).isEqualTo("end");
        assertThat(client.closed()).isNotDone();
    }

    /** Sections 6.2.1 and 7.2.4: SETTINGS come first, and once. */
    @ParameterizedTest
    @CsvSource({"'0, 4, 0, 4, 0', 105", "'0, 4, 2, 6, 32, 4, 2, 6, 32', 105", "'0, 13, 1, 0', 10a", "'0, 0, 0', 10a"})
    void closesTheConnectionForWhatAControlStreamMustNotHave(String bytes, String error) throws Exception {
        client.unidirectional(
                Arrays.stream(bytes.split(", ")).mapToInt(Integer::parseInt).toArray());
        assertThat(client.closed().get(30, TimeUnit.SECONDS)).isEqualTo("connection " + error);
    }

    @Test
    void closesTheConnectionForASecondControlStream() throws Exception {
        client.unidirectional(0, 4, 0);
        client.unidirectional(0, 4, 0);
        assertThat(client.closed().get(30, TimeUnit.SECONDS)).isEqualTo("connection 103");
    }

    @Test
    void closesTheConnectionWhenItsControlStreamEnds() throws Exception {
        FrameClient.get(client.unidirectional(0, 4, 0).shutdownOutput());
        assertThat(client.closed().get(30, TimeUnit.SECONDS)).isEqualTo("connection 104");
    }
}
