package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is written to a socket, and what goes out of it. */
@SuppressWarnings("FutureReturnValueIgnored") // The tests look at what was written.
class SegmentedPacketsTest {

    private static final InetSocketAddress ONE = new InetSocketAddress("127.0.0.1", 1);
    private static final InetSocketAddress OTHER = new InetSocketAddress("127.0.0.1", 2);

    private final List<ByteBuf> written = new ArrayList<>();
    private final List<ChannelFuture> results = new ArrayList<>();
    private final EmbeddedChannel channel = new EmbeddedChannel(new SegmentedPackets());

    @AfterEach
    void nothingLeaks() {
        channel.finishAndReleaseAll();
        assertThat(written).allMatch(each -> each.refCnt() == 0);
    }

    private void write(int fill, int size, InetSocketAddress to) {
        ByteBuf content = Unpooled.buffer(Math.max(1, size));
        content.writeBytes(new byte[size]);
        for (int i = 0; i < size; i++) {
            content.setByte(i, fill);
        }
        written.add(content);
        results.add(channel.write(new DatagramPacket(content, to)));
    }

    /** What went out: the address, the size of a segment where there are several, and the first byte and size of each. */
    private List<String> sent() {
        channel.flush();
        List<String> all = new ArrayList<>();
        for (DatagramPacket packet = channel.readOutbound(); packet != null; packet = channel.readOutbound()) {
            ByteBuf content = packet.content();
            int segment = packet instanceof SegmentedDatagramPacket together
                    ? together.segmentSize()
                    : Math.max(1, content.readableBytes());
            StringBuilder line = new StringBuilder(packet.recipient().getPort() + ":");
            while (content.isReadable()) {
                byte[] bytes = ByteBufUtil.getBytes(content.readSlice(Math.min(segment, content.readableBytes())));
                assertThat(bytes).containsOnly(bytes[0]);
                line.append(' ').append(bytes[0]).append('x').append(bytes.length);
            }
            all.add(line.toString());
            packet.release();
        }
        return all;
    }

    @Test
    void sendsThoseOfOneSizeTogether() {
        write(1, 1200, ONE);
        write(2, 1200, ONE);
        write(3, 1200, ONE);
        assertThat(sent()).containsExactly("1: 1x1200 2x1200 3x1200");
        assertThat(results).allMatch(ChannelFuture::isSuccess);
    }

    @Test
    void endsARunWithASmallerOne() {
        write(1, 1200, ONE);
        write(2, 70, ONE);
        write(3, 70, ONE);
        write(4, 1200, ONE);
        assertThat(sent()).containsExactly("1: 1x1200 2x70", "1: 3x70", "1: 4x1200");
    }

    @Test
    void keepsPeersApartAndTheOrder() {
        write(1, 100, ONE);
        write(2, 100, OTHER);
        write(3, 100, OTHER);
        write(4, 100, ONE);
        write(5, 200, ONE);
        assertThat(sent()).containsExactly("1: 1x100", "2: 2x100 3x100", "1: 4x100", "1: 5x200");
    }

    @Test
    void sendsEmptyOnesAlone() {
        write(1, 0, ONE);
        write(2, 0, ONE);
        write(3, 10, ONE);
        write(4, 0, ONE);
        assertThat(sent()).containsExactly("1:", "1:", "1: 3x10", "1:");
    }

    @Test
    void makesNoneTooLarge() {
        for (int i = 0; i < 130; i++) {
            write(1, 10, ONE);
        }
        for (int i = 0; i < 60; i++) {
            write(2, 1200, ONE);
        }
        List<String> sent = sent();
        assertThat(sent).extracting(line -> line.split(" ", -1).length - 1).containsExactly(64, 64, 2, 54, 6);
    }

    @Test
    void tellsOfWhatWaitsWhenTheSocketCloses() {
        write(1, 10, ONE);
        write(2, 10, ONE);
        channel.close();
        assertThat(results).hasSize(2).allMatch(ChannelFuture::isDone).noneMatch(ChannelFuture::isSuccess);
        assertThat(sent()).isEmpty();
    }

    /** A device that cannot, or a path that takes smaller packets only. */
    @Test
    void sendsOneByOneWhatIsRefusedTogether() {
        int[] refused = {0};
        channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                if (message instanceof SegmentedDatagramPacket packet) {
                    refused[0]++;
                    packet.release();
                    promise.setFailure(new IOException("sendmsg: Input/output error"));
                } else {
                    ctx.write(message, promise);
                }
            }
        });
        write(1, 1200, ONE);
        write(2, 1200, ONE);
        write(3, 70, ONE);
        assertThat(sent()).containsExactly("1: 1x1200", "1: 2x1200", "1: 3x70");
        assertThat(results).allMatch(ChannelFuture::isSuccess);
        // It does not try again at once.
        write(4, 1200, ONE);
        write(5, 1200, ONE);
        assertThat(sent()).containsExactly("1: 4x1200", "1: 5x1200");
        assertThat(refused[0]).isOne();
    }
}
