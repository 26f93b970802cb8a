package dev.vecho.server;

import static dev.vecho.server.Service.blocking;
import static dev.vecho.server.Service.listeners;
import static dev.vecho.server.Service.tcp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A listener behind a load balancer that names its clients.
 *
 * @see <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">The PROXY protocol, versions 1 and 2</a>
 */
@ExtendWith(VertxExtension.class)
final class ProxyProtocolTest {

    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    @TempDir
    private static Path directory;

    /** Headers that are right. */
    private enum Header {
        V1_IPV4("PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\n"),
        V1_IPV6("PROXY TCP6 2001:db8::7 2001:db8::8 56324 443\r\n"),
        V1_UNKNOWN("PROXY UNKNOWN\r\n"),
        V1_UNKNOWN_WITH_MORE("PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n"),
        V2_IPV4(2, "2111000c" + "c0000207" + "c0000208" + "dc04" + "01bb"),
        V2_IPV6(2, "21210024" + "20010db8" + "00".repeat(11) + "07" + "20010db8" + "00".repeat(11) + "08" + "dc0401bb"),
        V2_WITH_MORE(2, "21110011" + "c0000207" + "c0000208" + "dc04" + "01bb" + "04" + "0002" + "abcd"),
        V2_UNSPECIFIED(2, "21000000"),
        V2_LOCAL(2, "20000000"),
        V2_LOCAL_WITH_ADDRESSES(2, "2011000c" + "c0000207" + "c0000208" + "dc04" + "01bb");

        private final String hex;

        Header(String text) {
            hex = HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
        }

        Header(int version, String afterSignature) {
            assertThat(version).isEqualTo(2);
            hex = SIGNATURE + afterSignature;
        }

        byte[] bytes() {
            return HexFormat.of().parseHex(hex);
        }
    }

    @ParameterizedTest
    @EnumSource
    void takesTheHeaderOff(Header header, Vertx vertx, VertxTestContext test) {
        with(vertx, test, new JsonObject(), service -> {
            try (EchoClient client = connect(service)) {
                client.out().write(header.bytes());
                Service.assertEchoes(client, "afterwards");
                client.closeOutput();
                assertThat(client.in().read()).isEqualTo(-1);
            }
            assertThat(service.traffic("a").bytes()).as("bytes to echo").isEqualTo("afterwards".length());
        });
    }

    @ParameterizedTest
    @EnumSource
    void takesOffAHeaderThatDataFollowsAtOnce(Header header, Vertx vertx, VertxTestContext test) {
        with(vertx, test, new JsonObject(), service -> {
            try (EchoClient client = connect(service)) {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                all.writeBytes(header.bytes());
                // What looks like a header is data once there was one.
                all.writeBytes(Header.V1_IPV4.bytes());
                client.out().write(all.toByteArray());
                client.closeOutput();
                assertThat(client.in().readAllBytes()).isEqualTo(Header.V1_IPV4.bytes());
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void takesOffAHeaderThatComesByteByByte(Header header, Vertx vertx, VertxTestContext test) {
        with(vertx, test, new JsonObject(), service -> {
            try (EchoClient client = connect(service)) {
                for (byte one : header.bytes()) {
                    client.out().write(one);
                }
                Service.assertEchoes(client, "afterwards");
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"V1_IPV4", "V2_IPV6", "V2_LOCAL"})
    void takesTheHeaderOffBeforeTls(Header header, Vertx vertx, VertxTestContext test) {
        Issued issued = new Certificates(directory).localhost();
        JsonObject tls = new JsonObject()
                .put("certificate", issued.certificate().toString())
                .put("key", issued.key().toString());
        var context = SocketClient.trusting(issued.bundle().toTrustManager());
        with(vertx, test, new JsonObject().put("tls", tls), service -> {
            try (Socket raw = new Socket()) {
                raw.setSoTimeout(20_000);
                raw.connect(service.address("a"), 20_000);
                raw.getOutputStream().write(header.bytes());
                try (SSLSocket socket = (SSLSocket)
                        context.getSocketFactory().createSocket(raw, "localhost", service.port("a"), false)) {
                    socket.startHandshake();
                    socket.getOutputStream().write("secret".getBytes(StandardCharsets.US_ASCII));
                    assertThat(socket.getInputStream().readNBytes(6)).asString().isEqualTo("secret");
                }
            }
            try (EchoClient client = connect(service)) {
                client.out().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                Service.assertEndsWithoutAByte(client);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "PROXY TCP4 999.0.2.7 192.0.2.8 56324 443\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.8 563240 443\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.8\r\n",
                "PROXY TCP9 192.0.2.7 192.0.2.8 56324 443\r\n",
                "PROXY \r\n and no more than that",
                "PROXY TCP4 192.0.2.7 192.0.2.8 56324 443 and on and on and on and on and on and on and on and on and"
                        + " on and on and on and on and on\r\n",
                "2:31110000",
                "2:2f110000",
                "2:2111000c",
                "2:21110004c0000207",
                "2:21990000"
            })
    void closesAConnectionWithAMalformedHeader(String header, Vertx vertx, VertxTestContext test) {
        byte[] bytes = header.startsWith("2:")
                ? HexFormat.of().parseHex(SIGNATURE + header.substring(2))
                : header.getBytes(StandardCharsets.US_ASCII);
        Logged logged = new Logged();
        with(vertx, test, new JsonObject(), service -> {
            try (EchoClient other = connect(service)) {
                other.out().write(Header.V1_IPV4.bytes());
                Service.assertEchoes(other, "before");
                try (EchoClient client = connect(service)) {
                    client.out().write(bytes);
                    // A header that promises more than comes is only malformed once the input has ended.
                    if (header.equals("2:2111000c")) {
                        client.closeOutput();
                    }
                    Service.assertEndsWithoutAByte(client);
                }
                Service.assertEchoes(other, "after");
            }
            assertThat(service.traffic("a").bytes()).isEqualTo("beforeafter".length());
            logged.close();
            logged.assertQuiet();
        });
    }

    @Test
    void echoesNothingOfAConnectionThatEndsWithinTheHeader(Vertx vertx, VertxTestContext test) {
        with(vertx, test, new JsonObject(), service -> {
            for (Header header : Header.values()) {
                for (int length = 0; length < Math.min(13, header.bytes().length); length++) {
                    try (EchoClient client = connect(service)) {
                        client.out().write(header.bytes(), 0, length);
                        client.closeOutput();
                        Service.assertEndsWithoutAByte(client);
                    }
                }
            }
            assertThat(service.traffic("a").bytes()).isZero();
        });
    }

    private interface Clients {
        void run(Service service) throws Exception;
    }

    private static void with(Vertx vertx, VertxTestContext test, JsonObject more, Clients clients) {
        Service.start(
                        vertx,
                        listeners(
                                "a",
                                tcp("127.0.0.1", 0).put("proxyProtocol", true).mergeIn(more)))
                .compose(service -> blocking(vertx, () -> {
                    clients.run(service);
                    return null;
                }))
                .onComplete(test.succeedingThenComplete());
    }

    private static EchoClient connect(Service service) throws Exception {
        return SocketClient.tcp(service.address("a"), 0);
    }
}
