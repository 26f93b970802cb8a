package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressTokenTest {

    private static final InetSocketAddress PEER = new InetSocketAddress("192.0.2.1", 4433);

    /** Anything but 0, which may be what {@link System#nanoTime} says. */
    private final AtomicLong now = new AtomicLong(-5);

    private final AddressToken tokens = new AddressToken(now::get);
    private final ByteBuf id = Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});

    private ByteBuf token() {
        ByteBuf token = Unpooled.buffer();
        assertThat(tokens.writeToken(token, id, PEER)).isTrue();
        assertThat(token.readableBytes()).isLessThanOrEqualTo(tokens.maxTokenLength());
        return token;
    }

    @Test
    void saysWhereTheConnectionIdIs() {
        ByteBuf token = token();
        int at = tokens.validateToken(token, PEER);
        assertThat(token.slice(at, token.writerIndex() - at)).isEqualTo(id);
        assertThat(id.readableBytes()).as("read, and not taken").isEqualTo(8);
    }

    /** A peer that went through a NAT may come back from another port. */
    @Test
    void isOfTheHost() {
        assertThat(tokens.validateToken(token(), new InetSocketAddress("192.0.2.1", 4434)))
                .isPositive();
        assertThat(tokens.validateToken(token(), new InetSocketAddress("192.0.2.2", 4433)))
                .isEqualTo(-1);
        assertThat(tokens.validateToken(token(), new InetSocketAddress("2001:db8::1", 4433)))
                .isEqualTo(-1);
    }

    @Test
    void isOfOneListener() {
        assertThat(new AddressToken(now::get).validateToken(token(), PEER)).isEqualTo(-1);
    }

    @Test
    void growsOld() {
        ByteBuf token = token();
        now.addAndGet(AddressToken.VALID_NANOS - 1);
        assertThat(tokens.validateToken(token, PEER)).isPositive();
        now.incrementAndGet();
        assertThat(tokens.validateToken(token, PEER)).isEqualTo(-1);
    }

    /** The time, the digest, the connection id. */
    @ParameterizedTest
    @ValueSource(ints = {0, 7, 8, 39, 40, 47})
    void cannotBeChanged(int at) {
        ByteBuf token = token();
        token.setByte(at, token.getByte(at) ^ 1);
        assertThat(tokens.validateToken(token, PEER)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 39, 40, 61, 1200})
    void isNothingOfAnotherLength(int bytes) {
        assertThat(tokens.validateToken(Unpooled.buffer().writeZero(bytes), PEER))
                .isEqualTo(-1);
    }
}
