package dev.vecho.transport.udp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Traffic;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.listen.RateLimit;
import dev.vecho.transport.udp.UdpDrops.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets an answer, and what happens to what cannot be sent. */
class UdpRulesTest {

    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.7", 40_000);

    private final AtomicLong clock = new AtomicLong();

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 13, 17, 19, 37, 53, 69, 123, 161, 389, 1900, 5353, 7007, 9000, 11211})
    void refusesSourcePortsThatAnswerByThemselves(int port) throws Exception {
        UdpRules rules = rules(new JsonObject().put("port", 9000));
        assertThat(rules.refuse(new InetSocketAddress("192.0.2.7", port), 100)).isEqualTo(Reason.SOURCE_PORT);
        assertThat(rules.refuse(CLIENT, 100)).isNull();
    }

    @Test
    void refusesOtherSourcePortsWhenToldTo() throws Exception {
        UdpRules rules = rules(new JsonObject()
                .put("refusedSourcePorts", new JsonArray().add("9").add("100-200")));
        for (int port : new int[] {0, 9, 100, 150, 200}) {
            assertThat(rules.refuse(new InetSocketAddress("192.0.2.7", port), 100))
                    .isEqualTo(Reason.SOURCE_PORT);
        }
        for (int port : new int[] {7, 10, 99, 201, 7007}) {
            assertThat(rules.refuse(new InetSocketAddress("192.0.2.7", port), 100))
                    .isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"255.255.255.255", "192.0.2.255", "192.0.2.0", "224.0.0.251", "0.0.0.0", "ff02::1", "::"})
    void refusesSourcesThatAreNoSingleHost(String source) throws Exception {
        assertThat(rules(new JsonObject()).refuse(new InetSocketAddress(source, 40_000), 100))
                .isEqualTo(Reason.SOURCE_ADDRESS);
    }

    @ParameterizedTest
    @CsvSource({"255.255.255.255,false", "192.0.2.255,false", "224.0.0.251,false", "0.0.0.0,false", "192.0.2.9,true"})
    void answersNothingThatWasSentToMany(String destination, boolean one) throws Exception {
        UdpDrops drops = new UdpDrops();
        Deque<InetAddress> asked = new ArrayDeque<>();
        EmbeddedChannel channel = new EmbeddedChannel(new UdpCatchAll(rules(new JsonObject()), drops, address -> {
            asked.add(address);
            return Future.failedFuture("none");
        }));
        ByteBuf bytes = Unpooled.directBuffer().writeInt(1);
        channel.writeInbound(new DatagramPacket(bytes, new InetSocketAddress(destination, 7007), CLIENT));
        assertThat(drops.of(Reason.DESTINATION)).isEqualTo(one ? 0 : 1);
        assertThat(asked).hasSize(one ? 1 : 0);
        assertThat(bytes.refCnt()).as("references to the buffer").isZero();
        channel.finishAndReleaseAll();
    }

    @Test
    void limitsEachSourceBySecond() throws Exception {
        UdpRules rules = rules(new JsonObject().put("maxDatagramsPerSecond", 4));
        InetSocketAddress otherPort = new InetSocketAddress("192.0.2.7", 40_001);
        InetSocketAddress other = new InetSocketAddress("192.0.2.8", 40_000);
        assertThat(allowed(rules, CLIENT, 3) + allowed(rules, otherPort, 3)).isEqualTo(4);
        assertThat(allowed(rules, other, 6)).isEqualTo(4);
        clock.addAndGet(250_000_000);
        assertThat(allowed(rules, CLIENT, 3)).isEqualTo(1);
        clock.addAndGet(3_600_000_000_000L);
        assertThat(allowed(rules, CLIENT, 10)).isEqualTo(4);
    }

    @Test
    void limitsTheBytesOfEachSourceBySecond() throws Exception {
        UdpRules rules = rules(new JsonObject().put("maxBytesPerSecond", 1_000));
        InetSocketAddress other = new InetSocketAddress("192.0.2.8", 40_000);
        assertThat(allowed(rules, CLIENT, 12)).isEqualTo(10);
        assertThat(rules.refuse(CLIENT, 100)).isEqualTo(Reason.BYTES);
        assertThat(rules.refuse(other, 1_000)).isNull();
        assertThat(rules.refuse(other, 1)).isEqualTo(Reason.BYTES);
        clock.addAndGet(500_000_000);
        assertThat(rules.refuse(CLIENT, 501)).isEqualTo(Reason.BYTES);
        assertThat(rules.refuse(CLIENT, 500)).isNull();
    }

    /** One that has more than come in a second waits for a full bucket, and so do those after it. */
    @Test
    void letsADatagramInThatIsLargerThanTheRate() throws Exception {
        UdpRules rules = rules(new JsonObject().put("maxBytesPerSecond", 1_000));
        assertThat(rules.refuse(CLIENT, 3_000)).isNull();
        clock.addAndGet(2_000_000_000);
        assertThat(rules.refuse(CLIENT, 1)).isEqualTo(Reason.BYTES);
        assertThat(rules.refuse(CLIENT, 3_000)).isEqualTo(Reason.BYTES);
        clock.addAndGet(1_000_000_000);
        assertThat(rules.refuse(CLIENT, 3_000)).isNull();
    }

    @Test
    void limitsTheBytesOfAllSourcesTogether() throws Exception {
        UdpRules rules = rules(new JsonObject().put("maxBytesPerSecond", 600).put("maxListenerBytesPerSecond", 1_000));
        InetSocketAddress other = new InetSocketAddress("192.0.2.8", 40_000);
        // What one may not send takes nothing of the others' share.
        assertThat(allowed(rules, CLIENT, 100)).isEqualTo(6);
        assertThat(allowed(rules, other, 5)).isEqualTo(4);
        assertThat(rules.refuse(other, 100)).isEqualTo(Reason.LISTENER_BYTES);
    }

    @Test
    void keepsWhatWasUsedOfARateThatStaysTheSame() throws Exception {
        JsonObject json = new JsonObject().put("maxBytesPerSecond", 1_000).put("maxListenerBytesPerSecond", 1_500);
        UdpRules rules = rules(json);
        assertThat(allowed(rules, CLIENT, 12)).isEqualTo(10);
        rules.change(options(json.put("maxDatagramsPerSecond", 5)));
        assertThat(rules.refuse(CLIENT, 100)).isEqualTo(Reason.BYTES);
        rules.change(options(json.put("maxBytesPerSecond", 2_000).put("maxDatagramsPerSecond", 0)));
        assertThat(allowed(rules, CLIENT, 12)).isEqualTo(5);
        assertThat(rules.refuse(CLIENT, 100)).isEqualTo(Reason.LISTENER_BYTES);
    }

    @Test
    void limitsNobodyWhenToldTo() throws Exception {
        assertThat(allowed(rules(new JsonObject().put("maxDatagramsPerSecond", 0)), CLIENT, 1_000))
                .isEqualTo(1_000);
    }

    @Test
    void forgetsTheSourceThatWasSilentForLongest() throws Exception {
        RateLimit<InetAddress> limit = new RateLimit<>(1, 2, clock::get);
        for (int i = 0; i < 1_000; i++) {
            InetAddress source = InetAddress.getByAddress(new byte[] {10, 0, (byte) (i >> 8), (byte) i});
            assertThat(limit.allow(source)).isTrue();
            assertThat(limit.allow(source)).isFalse();
        }
        assertThat(limit.allow(InetAddress.getByName("10.0.0.0"))).isTrue();
    }

    private static int allowed(UdpRules rules, InetSocketAddress source, int count) {
        int allowed = 0;
        for (int i = 0; i < count; i++) {
            allowed += rules.refuse(source, 100) == null ? 1 : 0;
        }
        return allowed;
    }

    @Test
    void sendsWhatCameInABufferOfItsSize() throws Exception {
        EmbeddedChannel channel = echo(new UdpDrops());
        ByteBuf bytes = Unpooled.directBuffer(1 << 16).writeInt(1);
        channel.writeInbound(new DatagramPacket(bytes, new InetSocketAddress("192.0.2.1", 7007), CLIENT));
        DatagramPacket echo = channel.readOutbound();
        assertThat(bytes.refCnt()).isZero();
        assertThat(echo.content().capacity()).isEqualTo(Integer.BYTES);
        assertThat(echo.content().getInt(0)).isEqualTo(1);
        assertThat(echo.recipient()).isEqualTo(CLIENT);
        echo.release();
        channel.finishAndReleaseAll();
    }

    @Test
    void dropsAndCountsWhatTheSystemDoesNotTake() throws Exception {
        UdpDrops drops = new UdpDrops();
        EmbeddedChannel channel = echo(drops);
        Deque<ChannelPromise> stuck = new ArrayDeque<>();
        Deque<Object> messages = new ArrayDeque<>();
        channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                messages.add(message);
                stuck.add(promise);
            }
        });
        for (int i = 0; i < 100; i++) {
            ByteBuf bytes = Unpooled.directBuffer().writeInt(i);
            channel.writeInbound(new DatagramPacket(bytes, new InetSocketAddress("192.0.2.1", 7007), CLIENT));
        }
        assertThat(stuck).hasSize(UdpEcho.MAX_WAITING);
        assertThat(drops.of(Reason.SEND_BUFFER)).isEqualTo(100 - UdpEcho.MAX_WAITING);
        stuck.remove().setFailure(new IOException("sendto(..) failed: No buffer space available"));
        assertThat(drops.of(Reason.SEND_BUFFER)).isEqualTo(101 - UdpEcho.MAX_WAITING);
        stuck.remove().setFailure(new IOException("sendto(..) failed: Network is unreachable"));
        assertThat(drops.of(Reason.SEND_FAILED)).isEqualTo(1);
        assertThat(drops).hasToString("37 send buffer full, 1 not sendable");
        messages.forEach(io.netty.util.ReferenceCountUtil::release);
        stuck.forEach(ChannelPromise::setSuccess);
        channel.finishAndReleaseAll();
    }

    private EmbeddedChannel echo(UdpDrops drops) throws Exception {
        return new EmbeddedChannel(new UdpEcho(rules(new JsonObject()), drops, new Traffic(), to -> {}));
    }

    private static UdpListenerOptions options(JsonObject json) {
        Problems problems = new Problems();
        UdpListenerOptions options = UdpListenerOptions.read(Options.of(json, Source.named("test"), problems), null);
        problems.throwIfAny();
        return options;
    }

    private UdpRules rules(JsonObject json) throws Exception {
        Set<InetAddress> broadcasts = Set.of(InetAddress.getByName("192.0.2.0"), InetAddress.getByName("192.0.2.255"));
        return new UdpRules(options(json), new LocalNetworks(Set.of(), broadcasts), clock::get);
    }
}
