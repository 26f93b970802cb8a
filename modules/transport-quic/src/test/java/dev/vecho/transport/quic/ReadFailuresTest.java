package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ReadFailuresTest {

    private final EmbeddedChannel socket = new EmbeddedChannel(new ReadFailures());

    @Test
    void keepsWhatTheSystemFailsToReadToItself() {
        socket.pipeline().fireExceptionCaught(new IOException("recvmsg(..) failed: Cannot allocate memory"));
        assertThatCode(socket::checkException).doesNotThrowAnyException();
    }

    @Test
    void hidesNoFaultOfTheProgram() {
        socket.pipeline().fireExceptionCaught(new IllegalStateException("a fault"));
        assertThatThrownBy(socket::checkException).hasMessage("a fault");
    }
}
