package dev.vecho.net.echo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Traffic;
import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Whose turn it is, its own or the channel's, with real sockets and events in an order that seldom comes by itself. */
@EnabledOnOs(OS.LINUX)
final class DirectEchoTest {

    private final Traffic traffic = new Traffic();
    private final Map<IoHandle, DirectEcho> all = new HashMap<>();
    private final List<DirectEcho> toLookAgain = new ArrayList<>();
    private final EchoPipe pipe = new EchoPipe(traffic, 65_536, Duration.ZERO, false);
    private final EmbeddedChannel embedded = new EmbeddedChannel(pipe);

    private final Registration registration = new Registration();
    private Socket listener;
    private Socket peer;
    private ChannelHandle channel;
    private DirectEcho direct;

    @BeforeAll
    static void loadNatives() {
        Epoll.ensureAvailability();
    }

    @BeforeEach
    @SuppressWarnings("NullAway.Init")
    void connect(@TempDir Path directory) throws IOException {
        DomainSocketAddress address =
                new DomainSocketAddress(directory.resolve("s").toFile());
        listener = Socket.newSocketDomain();
        listener.bind(address);
        listener.listen(1);
        peer = Socket.newSocketDomain();
        peer.connect(address);
        channel = new ChannelHandle(new FileDescriptor(listener.accept(new byte[110])));
        direct = new DirectEcho(channel, all, toLookAgain::add);
        direct.registered();
    }

    @AfterEach
    void close() throws IOException {
        peer.close();
        listener.close();
        channel.fd.close();
        embedded.finishAndReleaseAll();
    }

    @Test
    void isFoundWhileItsChannelIsRegistered() {
        assertThat(all).containsOnly(Map.entry(channel, direct));
        direct.unregistered();
        assertThat(all).isEmpty();
    }

    @Test
    void leavesAllToTheChannelUntilItIsStarted() throws IOException {
        send("a");
        happens(EpollIoOps.EPOLLIN);
        assertThat(channel.events).isEqualTo(1);
        assertThat(received()).isNull();
    }

    @Test
    void echoesBeforeTheChannelHearsOfIt() throws IOException {
        start();
        send("a");
        happens(EpollIoOps.EPOLLIN);
        assertThat(received()).isEqualTo("a");
        happens(EpollIoOps.EPOLLIN);
        assertThat(channel.events).as("for the channel").isZero();
        assertThat(traffic.snapshot().bytes()).isEqualTo(1);
    }

    @Test
    void leavesTheEndToTheChannel() throws IOException {
        start();
        peer.shutdown(false, true);
        happens(EpollIoOps.EPOLLIN);
        assertThat(channel.events).isEqualTo(1);
    }

    @Test
    @SuppressWarnings("FutureReturnValueIgnored") // of a write that is to wait
    void asksAgainWhenTheChannelHadItsTurn() throws IOException {
        start();
        send("a");
        happens(EpollIoOps.EPOLLIN);
        assertThat(received()).isEqualTo("a");
        happens(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP));
        embedded.write(embedded.alloc().buffer().writeByte(1), embedded.voidPromise());
        send("b");
        happens(EpollIoOps.EPOLLIN);
        assertThat(channel.events).isEqualTo(2);
        assertThat(received()).as("while other bytes wait").isNull();

        embedded.flushOutbound();
        happens(EpollIoOps.EPOLLIN);
        assertThat(channel.events).isEqualTo(2);
        assertThat(received()).isEqualTo("b");
    }

    @Test
    void isToldOnceAfterShortReads() throws IOException {
        channelWants(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP));
        startAs(true);
        echoSome(15);
        assertThat(registration.submitted).as("of its own").isEmpty();
        echoSome(10);
        int priority = 2;
        assertThat(registration.submitted)
                .extracting(EpollIoOps::value)
                .containsExactly(EpollIoOps.EPOLLIN
                                .with(EpollIoOps.EPOLLRDHUP)
                                .with(EpollIoOps.EPOLLET)
                                .value()
                        | priority);
    }

    @Test
    void isToldAgainBeforeTheChannelReads() throws IOException {
        channelWants(EpollIoOps.EPOLLIN);
        startAs(true);
        echoSome(16);
        registration.submitted.clear();
        happens(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP));
        assertThat(channel.events).isEqualTo(1);
        assertThat(registration.submitted).containsExactly(EpollIoOps.EPOLLIN);
        happens(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP));
        assertThat(registration.submitted).as("twice").hasSize(1);
        echoSome(16);
        assertThat(registration.submitted).hasSize(2);
    }

    @Test
    void isToldAgainWhereMoreMayWait() throws IOException {
        channelWants(EpollIoOps.EPOLLIN);
        startAs(true);
        peer.setSendBufferSize(1 << 20);
        echoSome(16);
        registration.submitted.clear();
        send("x".repeat(DirectEcho.MAX_BYTES));
        happens(EpollIoOps.EPOLLIN);
        assertThat(registration.submitted).containsExactly(EpollIoOps.EPOLLIN);
    }

    @Test
    void doesAsTheChannelWants() throws IOException {
        channelWants(EpollIoOps.EPOLLIN);
        startAs(true);
        echoSome(16);
        channelWants(EpollIoOps.EPOLLOUT);
        happens(EpollIoOps.EPOLLOUT);
        assertThat(registration.submitted).as("as it is so already").isEmpty();
    }

    @Test
    void looksAgainForWhatShortReadsMayHaveLeft() throws IOException {
        channelWants(EpollIoOps.EPOLLIN);
        start();
        echoSome(15);
        assertThat(toLookAgain).isEmpty();
        echoSome(1);
        assertThat(toLookAgain).containsExactly(direct);
        leave(10);
        assertThat(toLookAgain).as("at once").hasSize(1);
        direct.lookAgain();
        assertThat(received()).hasSize(10);
        assertThat(toLookAgain).as("after other reads").hasSize(2);
        direct.lookAgain();
        assertThat(registration.submitted).as("what is asked of epoll").hasSize(1);
        assertThat(toLookAgain).as("after none").hasSize(2);
    }

    @Test
    void isToldAlwaysWhereMuchWasLeft() throws IOException {
        channelWants(EpollIoOps.EPOLLIN);
        start();
        echoSome(16);
        leave(20);
        registration.submitted.clear();
        direct.lookAgain();
        assertThat(received()).hasSize(16);
        assertThat(registration.submitted).containsExactly(EpollIoOps.EPOLLIN);
        for (int i = 0; i < 4; i++) {
            happens(EpollIoOps.EPOLLIN);
        }
        assertThat(received()).hasSize(4);
        toLookAgain.clear();
        echoSome(20);
        assertThat(registration.submitted).hasSize(1);
        assertThat(toLookAgain).isEmpty();
    }

    @Test
    void doesNotLookAgainWhereItNeedNot() throws IOException {
        channelWants(EpollIoOps.EPOLLIN);
        start();
        echoSome(16);
        happens(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP));
        send("b");
        direct.lookAgain();
        assertThat(received()).as("while epoll tells of it").isNull();
        happens(EpollIoOps.EPOLLIN);
        assertThat(received()).isEqualTo("b");

        echoSome(20);
        send("c");
        registration.isValid = false;
        direct.lookAgain();
        assertThat(received()).as("after the end").isNull();
        happens(EpollIoOps.EPOLLIN);
        assertThat(received()).isEqualTo("c");

        toLookAgain.clear();
        startAs(true);
        echoSome(20);
        assertThat(toLookAgain).as("on TCP").isEmpty();
    }

    /** Sends descriptors, each with a byte, of which the first is echoed: a read ends after it. */
    private void leave(int descriptors) throws IOException {
        for (int i = 0; i < descriptors + 1; i++) {
            assertThat(peer.sendFd(peer.intValue())).isPositive();
        }
        happens(EpollIoOps.EPOLLIN);
        assertThat(received()).as("before what is left").hasSize(1);
    }

    private void echoSome(int messages) throws IOException {
        for (int i = 0; i < messages; i++) {
            send("a");
            happens(EpollIoOps.EPOLLIN);
            assertThat(received()).isEqualTo("a");
        }
    }

    private void channelWants(EpollIoOps what) {
        direct.heard(registration).submit(what);
        registration.submitted.clear();
    }

    private void start() {
        startAs(false);
    }

    private void startAs(boolean tcp) {
        direct.start(pipe, traffic, null, tcp, null);
    }

    private void happens(EpollIoOps what) {
        EpollIoEvent event = () -> what;
        direct.handle(registration, event);
    }

    private void send(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        assertThat(peer.send(buffer, 0, bytes.length)).isEqualTo(bytes.length);
    }

    /** What has come back; null for nothing. */
    private @Nullable String received() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(100);
        int count = peer.recv(buffer, 0, 100);
        return count == 0
                ? null
                : StandardCharsets.US_ASCII.decode(buffer.limit(count)).toString();
    }

    private static final class ChannelHandle implements EpollIoHandle {

        private final FileDescriptor fd;
        private int events;

        ChannelHandle(FileDescriptor fd) {
            this.fd = fd;
        }

        @Override
        public FileDescriptor fd() {
            return fd;
        }

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            events++;
        }

        @Override
        public void close() {}
    }

    private static final class Registration implements IoRegistration {

        private final List<EpollIoOps> submitted = new ArrayList<>();
        private boolean isValid = true;

        @Override
        @SuppressWarnings("TypeParameterUnusedInFormals")
        public <T> T attachment() {
            throw new UnsupportedOperationException();
        }

        @Override
        public long submit(IoOps ops) {
            submitted.add((EpollIoOps) ops);
            return 0;
        }

        @Override
        public boolean isValid() {
            return isValid;
        }

        @Override
        public boolean cancel() {
            return false;
        }
    }
}
