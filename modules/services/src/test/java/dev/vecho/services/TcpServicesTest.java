package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import dev.vecho.testkit.StreamServicesContract;
import dev.vecho.transport.tcp.TcpTransport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

@ParameterizedClass(name = "on {0}")
@MethodSource("ios")
class TcpServicesTest extends StreamServicesContract {

    TcpServicesTest(String io) {
        super(io);
    }

    static List<String> ios() {
        return Io.available();
    }

    @Override
    protected Transport transport() {
        return new TcpTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    @Override
    protected EchoClient connect(String address, int receiveBuffer) throws IOException {
        Target target = Target.parse(address);
        return SocketClient.tcp(new InetSocketAddress(target.host(), target.port()), receiveBuffer);
    }

    @Override
    protected void verify(JsonObject told) {
        assertThat(told.getString("transport")).isEqualTo("tcp");
        assertThat(told.getString("remote")).startsWith("127.0.0.1:");
        assertThat(told.containsKey("proxy")).isFalse();
    }

    private JsonObject whoami(byte[] header) throws Exception {
        String address = listen(options().put("proxyProtocol", true).put("service", "whoami"));
        try (EchoClient client = connect(address, 0)) {
            client.out().write(header);
            return new JsonObject(new String(client.in().readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void tellsWhatAProxyHeaderHasTold() throws Exception {
        JsonObject v1 = whoami("PROXY TCP4 192.0.2.1 198.51.100.2 1111 2222\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(v1.getJsonObject("proxy").getMap())
                .containsEntry("version", 1)
                .containsEntry("command", "PROXY")
                .containsEntry("source", "192.0.2.1:1111")
                .containsEntry("destination", "198.51.100.2:2222");
        JsonObject v2 = whoami(version2());
        assertThat(v2.getJsonObject("proxy").getString("source")).isEqualTo("192.0.2.1:1111");
        assertThat(v2.getJsonObject("proxy")
                        .getJsonArray("tlvs")
                        .getJsonObject(0)
                        .getMap())
                .containsEntry("type", 2)
                .containsEntry("name", "PP2_TYPE_AUTHORITY")
                .containsEntry("text", "example.org");
    }

    /** Section 2.2 of the PROXY protocol: TCP over IPv4, with the name that the client has asked for. */
    private static byte[] version2() {
        byte[] name = "example.org".getBytes(StandardCharsets.US_ASCII);
        ByteBuf header = Unpooled.buffer()
                .writeBytes(HexFormat.of().parseHex("0d0a0d0a000d0a515549540a"))
                .writeByte(0x21)
                .writeByte(0x11)
                .writeShort(12 + 3 + name.length)
                .writeBytes(new byte[] {(byte) 192, 0, 2, 1, (byte) 198, 51, 100, 2})
                .writeShort(1111)
                .writeShort(2222)
                .writeByte(2)
                .writeShort(name.length)
                .writeBytes(name);
        byte[] bytes = new byte[header.readableBytes()];
        header.readBytes(bytes);
        return bytes;
    }

    @Test
    void logsOneLineOfWhatIsNoFrame() throws Exception {
        Logger vecho = (Logger) LoggerFactory.getLogger("dev.vecho");
        ListAppender<ILoggingEvent> logged = new ListAppender<>();
        logged.list = new CopyOnWriteArrayList<>();
        logged.start();
        vecho.addAppender(logged);
        vecho.setLevel(Level.DEBUG);
        try (EchoClient client = connect(listen(options().put("service", "framed")), 0)) {
            client.out().write(new byte[10_000]);
            assertThat(client.in().read()).isEqualTo(-1);
            eventually("it is counted as ended", () -> traffic().snapshot().active() == 0);
        } finally {
            vecho.setLevel(null);
            vecho.detachAppender(logged);
        }
        assertThat(logged.list).singleElement().satisfies(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
            assertThat(event.getFormattedMessage()).endsWith("]: a header must have 1 to 4096 bytes, not 0");
        });
    }
}
