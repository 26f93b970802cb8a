package dev.vecho.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.unix.RawUnixChannelOption;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(VertxExtension.class)
final class CongestionControlTest {

    private static final RawUnixChannelOption TCP_CONGESTION = new RawUnixChannelOption("TCP_CONGESTION", 6, 13, 16);

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "io_uring"})
    @EnabledOnOs(OS.LINUX)
    void isTheCheapestFromLoopback(String io, VertxTestContext test) {
        assumeTrue(Io.unavailable(io).isEmpty(), () -> io + " does not work here");
        Vertx vertx = Vertx.builder().withTransport(Io.transport(io)).build();
        NetServers servers = new NetServers(vertx, new NetServerOptions(), "tcp", socket -> {
            byte[] name = new byte[16];
            ((NetSocketInternal) socket)
                    .channelHandlerContext()
                    .channel()
                    .config()
                    .getOption(TCP_CONGESTION)
                    .get(name);
            test.verify(() -> assertThat(new String(name, StandardCharsets.US_ASCII).replace("\0", ""))
                    .isEqualTo("reno"));
            vertx.close().onComplete(test.succeedingThenComplete());
        });
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
        assertThat(CongestionControl.isSameMachine(new InetSocketAddress(local, 1), new InetSocketAddress(remote, 2)))
                .isEqualTo(same);
    }

    @Test
    void doesNothingWithoutANativeTransport(VertxTestContext test) {
        Vertx vertx = Vertx.builder().withTransport(Io.transport("nio")).build();
        NetServers servers = new NetServers(
                vertx,
                new NetServerOptions(),
                "tcp",
                socket -> vertx.close().onComplete(test.succeedingThenComplete()));
        servers.open(SocketAddress.inetSocketAddress(0, "127.0.0.1"))
                .compose(server -> vertx.createNetClient().connect(server.actualPort(), "127.0.0.1"))
                .onFailure(test::failNow);
    }
}
