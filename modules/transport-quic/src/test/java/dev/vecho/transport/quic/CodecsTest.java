package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.util.ReferenceCountUtil;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class CodecsTest {

    private static final InetSocketAddress SOMEWHERE = new InetSocketAddress("127.0.0.1", 1);

    private final EmbeddedChannel socket = new EmbeddedChannel();
    private final Codecs codecs = new Codecs(socket);
    private final List<String> events = new ArrayList<>();

    /** As Netty's codec, it passes on neither what comes nor its end. */
    private final class Codec extends ChannelInboundHandlerAdapter {

        private final String name;

        Codec(String name) {
            this.name = name;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object packet) {
            ReferenceCountUtil.release(packet);
            events.add(name);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            events.add(name + " complete");
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext ctx) {
            events.add(name + " removed");
        }
    }

    @BeforeEach
    void freeze() {
        socket.freezeTime();
        codecs.add((byte) 0, new Codec("a"));
    }

    /** A packet with a short header, to a connection of a codec. */
    private static DatagramPacket toConnectionOf(int codec) {
        ByteBuf bytes = Unpooled.buffer();
        bytes.writeByte(0x40).writeShort(0).writeByte(codec).writeZero(ConnectionId.BYTES);
        return new DatagramPacket(bytes, SOMEWHERE, SOMEWHERE);
    }

    /** One that begins a connection: its id is the client's, and shorter. */
    private static DatagramPacket beginning() {
        ByteBuf bytes = Unpooled.buffer();
        bytes.writeByte(0xc0).writeInt(1).writeByte(8).writeZero(1200);
        return new DatagramPacket(bytes, SOMEWHERE, SOMEWHERE);
    }

    private List<String> eventsOf(DatagramPacket... packets) {
        events.clear();
        socket.writeInbound((Object[]) packets);
        return List.copyOf(events);
    }

    /** A connection that a codec has accepted. */
    private QuicChannel connectionOf(int codec, ChannelPromise closed) {
        EmbeddedChannel attributes = new EmbeddedChannel();
        attributes.attr(Codecs.CODEC).set((byte) codec);
        return (QuicChannel) Proxy.newProxyInstance(
                CodecsTest.class.getClassLoader(),
                new Class<?>[] {QuicChannel.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "attr" -> attributes.attr(Codecs.CODEC);
                    case "closeFuture" -> closed;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private void pass(long seconds) {
        socket.advanceTimeBy(seconds, TimeUnit.SECONDS);
        socket.runPendingTasks();
        socket.runScheduledPendingTasks();
    }

    @Test
    void givesAllToTheOnlyOne() {
        assertThat(eventsOf(toConnectionOf(0), toConnectionOf(7), beginning()))
                .containsExactly("a", "a", "a", "a complete");
    }

    @Test
    void givesNewConnectionsToTheNewest() {
        codecs.add((byte) 1, new Codec("b"));
        codecs.add((byte) 2, new Codec("c"));
        assertThat(eventsOf(beginning())).containsExactly("c", "c complete");
        assertThat(eventsOf(toConnectionOf(0), toConnectionOf(1), toConnectionOf(0)))
                .containsExactly("a", "b", "a", "a complete", "b complete");
        assertThat(eventsOf(toConnectionOf(9))).containsExactly("c", "c complete");
    }

    @Test
    void removesOneThatHasNoConnectionsWhenHandshakesAreOver() {
        codecs.add((byte) 1, new Codec("b"));
        events.clear();
        pass(29);
        assertThat(events).isEmpty();
        pass(2);
        assertThat(events).containsExactly("a removed");
        assertThat(eventsOf(toConnectionOf(0))).containsExactly("b", "b complete");
        pass(100);
        assertThat(eventsOf(beginning())).as("the newest stays").containsExactly("b", "b complete");
    }

    @Test
    void keepsOneAsLongAsItHasAConnection() {
        ChannelPromise closed = socket.newPromise();
        codecs.opened(connectionOf(0, closed));
        codecs.add((byte) 1, new Codec("b"));
        pass(100);
        assertThat(eventsOf(toConnectionOf(0))).containsExactly("a", "a complete");
        events.clear();
        closed.setSuccess();
        pass(0);
        assertThat(events).containsExactly("a removed");
    }
}
