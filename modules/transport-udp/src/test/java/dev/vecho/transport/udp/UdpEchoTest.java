package dev.vecho.transport.udp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Traffic;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Datagrams that come together, on epoll. */
@EnabledOnOs(OS.LINUX)
@SuppressWarnings("FutureReturnValueIgnored") // Those of Netty are given to a promise, or waited for.
final class UdpEchoTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final UdpDrops drops = new UdpDrops();
    private final Traffic traffic = new Traffic();
    private final AtomicInteger together = new AtomicInteger();
    private volatile boolean refuses;
    private Channel server;

    /** What the system is given; refuses datagrams that go together, as on a path with smaller packets, if it is told to. */
    private final class Path extends ChannelOutboundHandlerAdapter {

        private final List<ChannelPromise> refused = new ArrayList<>();

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (message instanceof SegmentedDatagramPacket) {
                together.incrementAndGet();
                if (refuses) {
                    ReferenceCountUtil.release(message);
                    refused.add(promise);
                    return;
                }
            }
            ctx.write(message, promise);
        }

        @Override
        public void flush(ChannelHandlerContext ctx) {
            ctx.flush();
            List<ChannelPromise> failing = List.copyOf(refused);
            refused.clear();
            failing.forEach(promise -> promise.setFailure(new IOException("Message too long")));
        }
    }

    @BeforeEach
    @SuppressWarnings("NullAway.Init")
    void listen() throws Exception {
        UdpListenerOptions options =
                UdpListenerOptions.read(Options.of(new JsonObject(), Source.named("test"), new Problems()), null);
        UdpRules rules = new UdpRules(options, new LocalNetworks(Set.of(), Set.of()), System::nanoTime);
        server = new EpollDatagramChannel(SocketProtocolFamily.INET);
        server.pipeline().addLast(new Path(), new UdpEcho(rules, drops, traffic, to -> {
            throw new IOException("no datagram here is empty");
        }));
        loop.register(server).sync();
        server.bind(new InetSocketAddress("127.0.0.1", 0)).sync();
    }

    @AfterEach
    void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void sendsTogetherWhatCameTogether() throws Exception {
        assertEchoes("aa", "bb", "cc", "d", "eeeee", "ff", "g");
        // Those before "eeeee", and those from there on but for the last, which is not smaller than the one before ends
        // it.
        assertThat(together).hasValue(2);
        assertNothingWaits();
    }

    @Test
    void sendsOneByOneWhatDoesNotGoTogether() throws Exception {
        refuses = true;
        assertEchoes("aa", "bb", "cc", "d");
        assertThat(together).hasValue(1);
        assertNothingWaits();
    }

    /** Some would be dropped, if what was sent counted as waiting for ever. */
    private void assertNothingWaits() throws Exception {
        for (int i = 0; i < UdpEcho.MAX_WAITING; i++) {
            assertEchoes("aa", "bb", "c");
        }
        assertThat(drops.toString()).isEmpty();
    }

    /** Sends some at once, while the event loop is busy, and expects each back as it was. */
    private void assertEchoes(String... datagrams) throws Exception {
        try (DatagramClient client = new DatagramClient((InetSocketAddress) server.localAddress())) {
            CountDownLatch sent = new CountDownLatch(1);
            server.eventLoop().execute(() -> {
                try {
                    sent.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            for (String datagram : datagrams) {
                client.send(datagram.getBytes(StandardCharsets.UTF_8));
            }
            sent.countDown();
            List<String> back = new ArrayList<>();
            for (int i = 0; i < datagrams.length; i++) {
                byte[] echo = client.receive(PATIENCE);
                assertThat(echo).isNotNull();
                back.add(new String(echo, StandardCharsets.UTF_8));
            }
            assertThat(back).containsExactlyInAnyOrder(datagrams);
        }
    }
}
