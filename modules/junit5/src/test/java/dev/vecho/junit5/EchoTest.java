package dev.vecho.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.junit5.Fault.Cut;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.datagram.DatagramSocket;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** The extension as tests of others use it, with the JUnit that they have. */
@ExtendWith(VertxExtension.class)
@Echo
final class EchoTest {

    private static volatile int ownPort;

    private static String echoed(EchoAddress echo, String text) throws IOException {
        try (Socket socket = new Socket(echo.host(), echo.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void givesATestTheServerOfItsClass(EchoAddress one, EchoAddress same) throws IOException {
        assertThat(one).isSameAs(same);
        assertThat(one.uri()).isEqualTo("tcp://127.0.0.1:" + one.port());
        long before = one.traffic().accepted();
        assertThat(echoed(one, "hello")).isEqualTo("hello");
        assertThat(one.traffic().accepted()).isEqualTo(before + 1);
    }

    @Test
    void givesAParameterAServerOfItsOwn(EchoAddress shared, @Echo EchoAddress one, @Echo EchoAddress other)
            throws IOException {
        assertThat(one.port()).isNotEqualTo(shared.port()).isNotEqualTo(other.port());
        assertThat(echoed(one, "hello")).isEqualTo("hello");
        assertThat(other.traffic().accepted()).isZero();
        ownPort = one.port();
    }

    @AfterAll
    static void isClosedAfterItsTest() {
        if (ownPort == 0) {
            // Somebody has chosen other tests.
            return;
        }
        assertThatThrownBy(() -> new Socket("127.0.0.1", ownPort).close()).isInstanceOf(ConnectException.class);
    }

    @Nested
    final class Inner {

        @Test
        void hasTheServerOfTheClassAround(EchoAddress echo) throws IOException {
            assertThat(echoed(echo, "hello")).isEqualTo("hello");
        }
    }

    @Test
    void servesAClientOfVertx(Vertx vertx, VertxTestContext test, @Echo(tls = true) EchoAddress echo) {
        NetClient client = vertx.createNetClient();
        ClientSSLOptions trusting = new ClientSSLOptions().setTrustAll(true).setHostnameVerificationAlgorithm("");
        ConnectOptions there = new ConnectOptions()
                .setRemoteAddress(echo.socketAddress())
                .setSsl(true)
                .setSslOptions(trusting);
        client.connect(there).onComplete(test.succeeding(socket -> {
            socket.handler(buffer -> test.verify(() -> {
                assertThat(buffer.toString()).isEqualTo("hello");
                client.close().onComplete(test.succeedingThenComplete());
            }));
            socket.write("hello").onFailure(test::failNow);
        }));
    }

    @Test
    void takesAnotherTransport(Vertx vertx, VertxTestContext test, @Echo(transport = "udp") EchoAddress echo) {
        DatagramSocket socket = vertx.createDatagramSocket();
        socket.handler(packet -> test.verify(() -> {
            assertThat(packet.data()).isEqualTo(Buffer.buffer("hello"));
            test.completeNow();
        }));
        socket.listen(0, "127.0.0.1")
                .compose(open -> socket.send("hello", echo.port(), echo.host()))
                .onFailure(test::failNow);
    }

    @Test
    void takesKeysOfTheListener(@Echo(options = "{\"maxConnections\": 1}") EchoAddress echo) throws IOException {
        try (Socket first = new Socket(echo.host(), echo.port())) {
            first.setSoTimeout(20_000);
            first.getOutputStream().write('x');
            assertThat(first.getInputStream().read()).isEqualTo('x');
            try (Socket second = new Socket(echo.host(), echo.port())) {
                second.setSoTimeout(20_000);
                assertThat(read(second)).isEqualTo(-1);
            }
        }
        assertThat(echo.traffic().refused()).isEqualTo(1);
    }

    @Test
    void cutsOnPurpose(@Echo(faults = @Faults(toPeer = @Fault(cutAfterBytes = 3, cutWith = Cut.FIN))) EchoAddress echo)
            throws IOException {
        assertThat(echoed(echo, "hello")).isEqualTo("hel");
    }

    @Test
    void corruptsInEachDirection(
            @Echo(faults = @Faults(toPeer = @Fault(corruptOffset = 0), fromPeer = @Fault(corruptOffset = 4)))
                    EchoAddress echo)
            throws IOException {
        String echoed = echoed(echo, "hello");
        assertThat(echoed).hasSize(5).contains("ell");
        assertThat(echoed.charAt(0)).isNotEqualTo('h');
        assertThat(echoed.charAt(4)).isNotEqualTo('o');
    }

    @Test
    void saysNothingOnPurpose(@Echo(faults = @Faults(silent = true)) EchoAddress echo) throws IOException {
        try (Socket socket = new Socket(echo.host(), echo.port())) {
            socket.getOutputStream().write('x');
            socket.setSoTimeout(200);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        }
    }

    /** Each attribute is a key that is there, with the name that its comment says. */
    @Test
    void hasTheKeysOfTheListener() throws Exception {
        JsonObject faults = EchoServer.configuration(annotation("everything"))
                .getJsonObject("listeners")
                .getJsonObject("echo")
                .getJsonObject("faults");
        JsonObject direction = new JsonObject()
                .put("latency", "1ms")
                .put("bytesPerSecond", 1000)
                .put("stallAfterBytes", 100)
                .put("closeDelay", "2ms")
                .put("duplicate", 0.25)
                .put("halfClose", "swallow")
                .put("slice", new JsonObject().put("bytes", 2).put("pause", "3ms"))
                .put(
                        "cut",
                        new JsonObject().put("afterBytes", 9).put("after", "1s").put("with", "fin"))
                .put("corrupt", new JsonObject().put("rate", 0.5).put("offset", 7))
                .put("loss", new JsonObject().put("rate", 0.1).put("burst", 2.0))
                .put("reorder", new JsonObject().put("rate", 0.2).put("depth", 3))
                .put("truncate", new JsonObject().put("bytes", 1).put("rate", 0.3))
                .put("status", new JsonObject().put("code", 503).put("rate", 0.4));
        assertThat(faults)
                .isEqualTo(new JsonObject()
                        .put("toPeer", direction)
                        .put("seed", 7)
                        .put("probability", 0.75)
                        .put("silent", true)
                        .put("neverAccept", true)
                        .put("handshakeDelay", "4ms"));
    }

    @Test
    void mergesFaultsOfOptions() throws Exception {
        assertThat(EchoServer.configuration(annotation("merged"))
                        .getJsonObject("listeners")
                        .getJsonObject("echo")
                        .getJsonObject("faults"))
                .isEqualTo(new JsonObject()
                        .put("toPeer", new JsonObject().put("latency", "1ms").put("queueBytes", 2048)));
    }

    private static int read(Socket socket) {
        try {
            return socket.getInputStream().read();
        } catch (java.net.SocketException reset) {
            return -1;
        } catch (IOException e) {
            throw new AssertionError("the connection stays open", e);
        }
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertThatThrownBy(() -> EchoServer.start(annotation("noJson")))
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage("@Echo: options: must be a JSON object, was \"{\"");
        assertThatThrownBy(() -> EchoServer.start(annotation("wrongKey")))
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessageContaining("listeners.echo.prot: is not a known key, did you mean \"port\"?");
        assertThatThrownBy(() -> EchoServer.start(annotation("wrongFault")))
                .hasMessageContaining(
                        "listeners.echo.faults.toPeer.loss: has no meaning here: a stream has no messages")
                .hasMessageContaining("listeners.echo.faults.probability: must be 0..1, was 2.0");
        assertThatThrownBy(() -> EchoServer.start(annotation("absent")))
                .hasMessageContaining("add the artifact dev.vecho:vecho-transport-quic");
    }

    private static Echo annotation(String method) throws NoSuchMethodException {
        return (Echo) Wrong.class.getDeclaredMethod(method, EchoAddress.class).getParameterAnnotations()[0][0];
    }

    /** Their parameters are read only. */
    @SuppressWarnings("UnusedMethod")
    private interface Wrong {

        void noJson(@Echo(options = "{") EchoAddress echo);

        void wrongKey(@Echo(options = "{\"prot\": 1}") EchoAddress echo);

        void wrongFault(@Echo(faults = @Faults(probability = 2, toPeer = @Fault(loss = 0.1))) EchoAddress echo);

        void everything(
                @Echo(
                                faults =
                                        @Faults(
                                                seed = 7,
                                                probability = 0.75,
                                                silent = true,
                                                neverAccept = true,
                                                handshakeDelay = "4ms",
                                                toPeer =
                                                        @Fault(
                                                                latency = "1ms",
                                                                bytesPerSecond = 1000,
                                                                sliceBytes = 2,
                                                                slicePause = "3ms",
                                                                stallAfterBytes = 100,
                                                                cutAfterBytes = 9,
                                                                cutAfter = "1s",
                                                                cutWith = Cut.FIN,
                                                                corruptRate = 0.5,
                                                                corruptOffset = 7,
                                                                halfClose = Fault.HalfClose.SWALLOW,
                                                                closeDelay = "2ms",
                                                                loss = 0.1,
                                                                lossBurst = 2,
                                                                duplicate = 0.25,
                                                                reorder = 0.2,
                                                                reorderDepth = 3,
                                                                truncateBytes = 1,
                                                                truncateRate = 0.3,
                                                                status = 503,
                                                                statusRate = 0.4)))
                        EchoAddress echo);

        void merged(
                @Echo(
                                faults = @Faults(toPeer = @Fault(latency = "1ms")),
                                options = "{\"faults\": {\"toPeer\": {\"queueBytes\": 2048}}}")
                        EchoAddress echo);

        void absent(@Echo(transport = "quic") EchoAddress echo);
    }
}
