package dev.vecho.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Traffic;
import dev.vecho.net.io.Io;
import dev.vecho.net.listen.AddressOwner;
import dev.vecho.net.listen.NetServers;
import dev.vecho.net.listen.SocketOptions;
import io.netty.channel.unix.RawUnixChannelOption;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(VertxExtension.class)
final class LinuxTcpTest {

    private static final RawUnixChannelOption TCP_CONGESTION = new RawUnixChannelOption("TCP_CONGESTION", 6, 13, 16);

    static List<String> natives() {
        return Io.available().stream().filter(io -> !io.equals("nio")).toList();
    }

    @ParameterizedTest
    @MethodSource("natives")
    @EnabledOnOs(OS.LINUX)
    void choosesTheCheapestCongestionControlForLoopback(String io, VertxTestContext test) {
        accept(io, test, socket -> {
            byte[] name = new byte[16];
            ((NetSocketInternal) socket)
                    .channelHandlerContext()
                    .channel()
                    .config()
                    .getOption(TCP_CONGESTION)
                    .get(name);
            assertThat(new String(name, StandardCharsets.US_ASCII).replace("\0", ""))
                    .isEqualTo("reno");
        });
    }

    @Test
    void doesNothingWithoutANativeTransport(VertxTestContext test) {
        accept("nio", test, socket -> {});
    }

    private static void accept(String io, VertxTestContext test, Consumer<NetSocket> check) {
        Vertx vertx = Vertx.builder().withTransport(Io.transport(io)).build();
        NetServers servers = new NetServers(
                vertx,
                () -> new SocketOptions(1, false, true, false),
                () -> "tcp",
                socket -> {
                    test.verify(() -> check.accept(socket));
                    vertx.close().onComplete(test.succeedingThenComplete());
                },
                new Traffic(),
                new AddressOwner());
        servers.open(SocketAddress.inetSocketAddress(0, "127.0.0.1"))
                .compose(server -> vertx.createNetClient().connect(server.actualPort(), "127.0.0.1"))
                .onFailure(test::failNow);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.9, true",
        "::1, ::1, true",
        "192.0.2.1, 192.0.2.1, true",
        "2001:db8::1, 2001:db8::1, true",
        "192.0.2.1, 192.0.2.2, false",
        "2001:db8::1, 2001:db8::2, false",
    })
    void knowsConnectionsThatStayOnThisMachine(String local, String remote, boolean same) {
        assertThat(LinuxTcp.isSameMachine(new InetSocketAddress(local, 1), new InetSocketAddress(remote, 2)))
                .isEqualTo(same);
    }
}
