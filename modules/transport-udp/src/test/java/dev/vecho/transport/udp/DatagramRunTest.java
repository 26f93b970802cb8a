package dev.vecho.transport.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Which datagrams the system can part again as they were. */
@EnabledOnOs(OS.LINUX)
final class DatagramRunTest {

    private static final InetSocketAddress ONE = new InetSocketAddress("127.0.0.1", 1);
    private static final InetSocketAddress OTHER = new InetSocketAddress("127.0.0.1", 2);

    private final DatagramRun run = new DatagramRun();

    @BeforeAll
    static void isSupported() {
        assertThat(EpollDatagramChannel.isSegmentedDatagramPacketSupported()).isTrue();
    }

    @Test
    void takesOneSizeAndASmallerEnd() {
        assertThat(add(ONE, 10, 10, 10, 3)).containsExactly(true, true, true, true);
        assertThat(add(ONE, 3)).containsExactly(false);
        SegmentedDatagramPacket all = takeTogether();
        assertThat(all.segmentSize()).isEqualTo(10);
        assertThat(all.content().readableBytes()).isEqualTo(33);
        assertThat(all.recipient()).isEqualTo(ONE);
        all.release();
        assertThat(run.size()).isZero();
    }

    @Test
    void keepsTheirOrder() {
        run.add(ONE, Unpooled.copiedBuffer(new byte[] {1, 2}));
        run.add(ONE, Unpooled.copiedBuffer(new byte[] {3, 4}));
        run.add(ONE, Unpooled.copiedBuffer(new byte[] {5}));
        SegmentedDatagramPacket all = takeTogether();
        assertThat(all.content()).isEqualTo(Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4, 5}));
        all.release();
    }

    @Test
    void takesNoLargerOneAndNoOtherSource() {
        assertThat(add(ONE, 10, 11)).containsExactly(true, false);
        assertThat(add(OTHER, 10)).containsExactly(false);
        takeOne().release();
        assertThat(add(OTHER, 11)).containsExactly(true);
        assertThat(takeOne().recipient()).isEqualTo(OTHER);
    }

    @Test
    void takesNoOtherLink() throws Exception {
        byte[] address = InetAddress.getByName("fe80::1").getAddress();
        InetSocketAddress here = new InetSocketAddress(Inet6Address.getByAddress(null, address, 2), 1);
        InetSocketAddress there = new InetSocketAddress(Inet6Address.getByAddress(null, address, 3), 1);
        assertThat(add(here, 10)).containsExactly(true);
        assertThat(add(there, 10)).containsExactly(false);
        assertThat(add(here, 10)).containsExactly(true);
    }

    @Test
    void takesWhatFitsIntoOnePacketEach() {
        assertThat(add(ONE, 1_452, 1_452)).containsExactly(true, true);
        takeTogether().release();
        assertThat(add(ONE, 1_453, 1_453)).containsExactly(true, false);
    }

    @Test
    void takesNoMoreThanTheSystem() {
        for (int i = 0; i < 64; i++) {
            assertThat(add(ONE, 1)).containsExactly(true);
        }
        assertThat(add(ONE, 1)).containsExactly(false);
        takeTogether().release();
        int most = UdpSocket.MAX_BYTES_IPV4 / 1_400;
        for (int i = 0; i < most; i++) {
            assertThat(add(ONE, 1_400)).containsExactly(true);
        }
        assertThat(add(ONE, 1_400)).containsExactly(false);
        SegmentedDatagramPacket all = takeTogether();
        assertThat(all.content().readableBytes()).isEqualTo(most * 1_400);
        all.release();
    }

    @Test
    void takesEachWhereMemoryIsShort() {
        assertThat(add(ONE, 2, 2, 1)).containsExactly(true, true, true);
        ByteBufAllocator none = new PooledByteBufAllocator(true) {
            @Override
            public ByteBuf directBuffer(int bytes) {
                throw new OutOfMemoryError("as a test wants it");
            }
        };
        assertThat(run.takeTogether(none)).isNull();
        assertThat(run.takeEach())
                .extracting(echo -> echo.content().readableBytes(), DatagramPacket::recipient)
                .containsExactly(tuple(2, ONE), tuple(2, ONE), tuple(1, ONE));
        assertThat(run.size()).isZero();
    }

    private SegmentedDatagramPacket takeTogether() {
        return Objects.requireNonNull(run.takeTogether(ByteBufAllocator.DEFAULT));
    }

    private DatagramPacket takeOne() {
        List<DatagramPacket> one = run.takeEach();
        assertThat(one).hasSize(1);
        return one.get(0);
    }

    private List<Boolean> add(InetSocketAddress from, int... sizes) {
        List<Boolean> taken = new ArrayList<>();
        for (int size : sizes) {
            taken.add(run.add(from, Unpooled.wrappedBuffer(new byte[size])));
        }
        return taken;
    }
}
