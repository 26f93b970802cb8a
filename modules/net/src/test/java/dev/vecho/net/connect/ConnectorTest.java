package dev.vecho.net.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.Connector.Attempt;
import dev.vecho.net.connect.Connector.Resolver;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ConnectorTest {

    private static final int PORT = 7007;
    private static final String IPV6 = "[::1]:7007";
    private static final String IPV4 = "127.0.0.1:7007";
    private static final String OTHER_IPV4 = "127.0.0.2:7007";

    private final Vertx vertx = Vertx.vertx();
    private final ContextInternal context = ((VertxInternal) vertx).createEventLoopContext();
    private final Ear ear = new Ear();
    private final Dialer dialer = new Dialer();

    @AfterEach
    void close() {
        vertx.close().await();
    }

    @Test
    void beginsWithIpv6AndGoesOnAtOnceWhenItFails() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "127.0.0.1", "127.0.0.2", "::1"));
        long start = System.nanoTime();
        dialer.fail(dialer.next(IPV6), new ConnectException("Connection refused"));
        dialer.succeed(dialer.next(IPV4));
        assertThat(connecting.await()).isEqualTo(IPV4);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(ear.warnings)
                .containsExactly("family: some.where: [::1]:7007: nobody listens; 127.0.0.1:7007 answered");
        assertThat(ear.phases).containsExactly(Receiver.Phase.RESOLVE, Receiver.Phase.CONNECT);
    }

    @Test
    void triesTheNextBesideOneThatIsSilent() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "127.0.0.1", "::1"));
        dialer.next(IPV6);
        dialer.succeed(dialer.next(IPV4));
        assertThat(connecting.await()).isEqualTo(IPV4);
        assertThat(dialer.cancelled.poll(10, TimeUnit.SECONDS)).isEqualTo(IPV6);
        assertThat(ear.warnings)
                .as("nobody knows whether it would have answered")
                .isEmpty();
    }

    @Test
    void takesTheFirstAlthoughItIsSlow() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "127.0.0.1", "::1"));
        String first = dialer.next(IPV6);
        dialer.next(IPV4);
        dialer.succeed(first);
        assertThat(connecting.await()).isEqualTo(IPV6);
        assertThat(dialer.cancelled.poll(10, TimeUnit.SECONDS)).isEqualTo(IPV4);
        assertThat(ear.warnings).isEmpty();
    }

    @Test
    void doesNotWarnOfAnotherAddressOfTheSameFamily() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "127.0.0.1", "127.0.0.2"));
        dialer.fail(dialer.next(IPV4), new ConnectException("Connection refused"));
        dialer.succeed(dialer.next(OTHER_IPV4));
        assertThat(connecting.await()).isEqualTo(OTHER_IPV4);
        assertThat(ear.warnings).isEmpty();
    }

    @Test
    void doesNotWarnOfAFamilyThatThisMachineDoesNotHave() throws Exception {
        InetAddress[] all = addresses("::1", "127.0.0.1");
        Connector connector = new Connector(
                "some.where", PORT, Family.ANY, host -> all, address -> Family.of(address.getAddress()) == Family.IPV4);
        Future<String> connecting = connect(connector);
        String first = dialer.next(IPV4);
        dialer.fail(dialer.next(IPV6), new ConnectException("Network is unreachable"));
        dialer.succeed(first);
        assertThat(connecting.await()).isEqualTo(IPV4);
        assertThat(ear.warnings).isEmpty();
    }

    @Test
    void tellsOfEachAddressWhenAllFail() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "::1", "127.0.0.1", "127.0.0.2"));
        dialer.fail(dialer.next(IPV6), new ConnectException("Network is unreachable"));
        dialer.fail(dialer.next(IPV4), new ConnectException("Connection refused"));
        dialer.fail(dialer.next(OTHER_IPV4), new ConnectException("Connection timed out"));
        TransportException failure = failure(connecting);
        assertThat(failure.fault()).isEqualTo(Fault.REFUSED);
        assertThat(failure)
                .hasMessage("some.where: [::1]:7007: network is unreachable; 127.0.0.1:7007: nobody listens; "
                        + "127.0.0.2:7007: connection timed out");
    }

    @Test
    void saysOfTheOnlyAddressWhatIsWrong() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "127.0.0.1"));
        dialer.fail(dialer.next(IPV4), new ConnectException("Connection refused"));
        assertThat(failure(connecting)).hasMessage("nobody listens on 127.0.0.1:7007");
    }

    @Test
    void provesNothingWhenThisMachineLacksSomething() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "::1", "127.0.0.1"));
        dialer.fail(dialer.next(IPV6), new ConnectException("Connection refused"));
        dialer.fail(dialer.next(IPV4), new IOException("Cannot assign requested address"));
        TransportException failure = failure(connecting);
        assertThat(failure.fault()).isEqualTo(Fault.LOCAL);
        assertThat(failure.reason()).isEqualTo("ports");
        assertThat(failure).hasMessageContaining("cannot assign requested address");
    }

    @Test
    void triesNoOtherAddressWhenOneAnsweredAndWasNotTrusted() throws Exception {
        Future<String> connecting = connect(connector(Family.ANY, "::1", "127.0.0.1"));
        dialer.fail(dialer.next(IPV6), new TransportException(Fault.TLS, "expired", "expired: …", null));
        TransportException failure = failure(connecting);
        assertThat(failure.fault()).isEqualTo(Fault.TLS);
        assertThat(failure.reason()).isEqualTo("expired");
        assertThat(dialer.begun).isEmpty();
    }

    @Test
    void failsWithWhatIsKnownWhenItIsClosed() throws Exception {
        Connector connector = connector(Family.ANY, "::1", "127.0.0.1");
        Future<String> connecting = connect(connector);
        dialer.fail(dialer.next(IPV6), new ConnectException("Connection refused"));
        dialer.next(IPV4);
        connector.close();
        TransportException failure = failure(connecting);
        assertThat(failure.fault()).isEqualTo(Fault.REFUSED);
        assertThat(failure.getMessage())
                .matches("some.where: \\[::1]:7007: nobody listens; 127.0.0.1:7007: no answer for \\d+ ms");
        assertThat(dialer.cancelled.poll(10, TimeUnit.SECONDS)).isEqualTo(IPV4);
    }

    @Test
    void failsWithATimeoutWhenItIsClosedAndNobodyHasAnswered() throws Exception {
        Connector connector = connector(Family.ANY, "127.0.0.1");
        Future<String> connecting = connect(connector);
        dialer.next(IPV4);
        connector.close();
        assertThat(failure(connecting).fault()).isEqualTo(Fault.TIMEOUT);
    }

    @Test
    void connectsToOneFamilyOnly() throws Exception {
        Future<String> connecting = connect(connector(Family.IPV4, "::1", "127.0.0.1"));
        dialer.succeed(dialer.next(IPV4));
        assertThat(connecting.await()).isEqualTo(IPV4);
        assertThat(ear.warnings).isEmpty();
    }

    @Test
    void saysThatANameHasNoAddressOfTheFamily() {
        TransportException failure = failure(connect(connector(Family.IPV6, "127.0.0.1", "127.0.0.2")));
        assertThat(failure.fault()).isEqualTo(Fault.DNS);
        assertThat(failure).hasMessage("the name some.where has no address of IPv6, only 127.0.0.1, 127.0.0.2");
        assertThat(failure(connect(new Connector("127.0.0.1", PORT, Family.IPV6))))
                .hasMessage("127.0.0.1 is not an address of IPv6");
    }

    @Test
    void saysThatANameDoesNotResolve() {
        Resolver nowhere = host -> {
            throw new UnknownHostException(host);
        };
        Connector connector = new Connector("some.where", PORT, Family.ANY, nowhere, address -> true);
        TransportException failure = failure(connect(connector));
        assertThat(failure.fault()).isEqualTo(Fault.DNS);
        assertThat(failure).hasMessage("the name some.where does not resolve");
    }

    @Test
    void namesThatNobodyAnswersForHoldUpNoOthers() throws Exception {
        InetAddress[] one = addresses("127.0.0.1");
        CountDownLatch over = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        Resolver dead = host -> {
            asked.incrementAndGet();
            awaitUninterruptibly(over);
            throw new UnknownHostException(host);
        };
        try {
            for (int i = 0; i < 200; i++) {
                Future<String> never = connect(new Connector("dead.one", PORT, Family.ANY, dead, address -> true));
                assertThat(never.isComplete()).isFalse();
            }
            Future<String> connecting =
                    connect(new Connector("some.where", PORT, Family.ANY, host -> one, address -> true));
            dialer.succeed(dialer.next(IPV4));
            assertThat(connecting.await()).isEqualTo(IPV4);
            assertThat(asked).hasValue(1);
        } finally {
            over.countDown();
        }
    }

    @Test
    void doesNotBlameANameThatNoThreadIsFreeFor() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(64);
        Resolver dead = host -> {
            busy.countDown();
            awaitUninterruptibly(over);
            throw new UnknownHostException(host);
        };
        try {
            for (int i = 0; i < 64; i++) {
                connect(new Connector("dead." + i, PORT, Family.ANY, dead, address -> true));
            }
            assertThat(busy.await(30, TimeUnit.SECONDS)).isTrue();
            Connector last = new Connector("some.where", PORT, Family.ANY, dead, address -> true);
            Future<String> connecting = connect(last);
            last.close();
            TransportException failure = failure(connecting);
            assertThat(failure.fault()).isEqualTo(Fault.LOCAL);
            assertThat(failure.reason()).isEqualTo("time");
        } finally {
            over.countDown();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void keepsTheResolversOrderForThoseWhoGetNoAnswer() throws Exception {
        Connector connector = connector(Family.ANY, "127.0.0.1", "::1");
        Future<String> connecting = Future.future(promise -> context.runOnContext(
                now -> connector.connectInOrder(context, ear, dialer).onComplete(promise)));
        dialer.succeed(dialer.next(IPV4));
        assertThat(connecting.await()).isEqualTo(IPV4);
    }

    // ---- with sockets

    /** Servers of both families on one port. */
    private record Both(ServerSocket ipv6, ServerSocket ipv4) implements AutoCloseable {

        static Both listen() throws IOException {
            for (int tries = 1; ; tries++) {
                ServerSocket ipv6 = new ServerSocket(0, 1, InetAddress.getByName("::1"));
                try {
                    return new Both(ipv6, new ServerSocket(ipv6.getLocalPort(), 1, InetAddress.getByName("127.0.0.1")));
                } catch (BindException e) {
                    // Another program has it.
                    ipv6.close();
                    assertThat(tries).isLessThan(20);
                }
            }
        }

        int port() {
            return ipv6.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            ipv6.close();
            ipv4.close();
        }
    }

    @Test
    void warnsOfAServerThatListensOnOneFamilyOnly() throws Exception {
        try (ServerSocket ipv4 = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Connector connector = resolving(ipv4.getLocalPort());
            assertThat(open(connector)).isEqualTo("127.0.0.1:" + ipv4.getLocalPort());
            assertThat(ear.warnings)
                    .containsExactly("family: some.where: [::1]:" + ipv4.getLocalPort() + ": nobody listens; 127.0.0.1:"
                            + ipv4.getLocalPort() + " answered");
        }
    }

    @Test
    void doesNotWarnOfAServerThatListensOnBoth() throws Exception {
        try (Both both = Both.listen()) {
            assertThat(open(resolving(both.port()))).isEqualTo("[::1]:" + both.port());
            assertThat(ear.warnings).isEmpty();
        }
    }

    @Test
    void reachesTheAddressThatAnswersBesideOneThatDropsPackets() throws Exception {
        List<Socket> waiting = new ArrayList<>();
        try (Both both = Both.listen()) {
            // Linux drops what comes while two wait to be accepted where one may.
            for (int i = 0; i < 2; i++) {
                waiting.add(new Socket(both.ipv6().getInetAddress(), both.port()));
            }
            assertThat(open(resolving(both.port()))).isEqualTo("127.0.0.1:" + both.port());
            assertThat(ear.warnings).isEmpty();
        } finally {
            for (Socket socket : waiting) {
                socket.close();
            }
        }
    }

    @Test
    void tellsOfEachAddressThatRefused() throws Exception {
        int port;
        try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = gone.getLocalPort();
        }
        assertThatThrownBy(() -> open(resolving(port)))
                .hasMessage("some.where: [::1]:" + port + ": nobody listens; 127.0.0.1:" + port + ": nobody listens");
    }

    // ---- the means

    private String open(Connector connector) {
        SocketConnector sockets = new SocketConnector(vertx);
        Future<String> remote = Future.future(promise -> context.runOnContext(now -> sockets.connect(
                        connector,
                        null,
                        ear,
                        (channel, ssl) -> Future.succeededFuture(Addresses.format(channel.remoteAddress())))
                .onComplete(promise)));
        try {
            return remote.await();
        } finally {
            sockets.close().await();
        }
    }

    private Connector resolving(int port) {
        InetAddress[] both = addresses("127.0.0.1", "::1");
        return new Connector("some.where", port, Family.ANY, host -> both, address -> true);
    }

    private Connector connector(Family family, String... addresses) {
        InetAddress[] all = addresses(addresses);
        return new Connector("some.where", PORT, family, host -> all, address -> true);
    }

    private static InetAddress[] addresses(String... literals) {
        InetAddress[] all = new InetAddress[literals.length];
        for (int i = 0; i < literals.length; i++) {
            all[i] = io.netty.util.NetUtil.createInetAddressFromIpAddressString(literals[i]);
        }
        return all;
    }

    private Future<String> connect(Connector connector) {
        return Future.future(promise -> context.runOnContext(
                now -> connector.connect(context, ear, dialer).onComplete(promise)));
    }

    private static TransportException failure(Future<?> future) {
        Throwable cause = catchThrowable(future::await);
        assertThat(cause).isInstanceOf(TransportException.class);
        return (TransportException) cause;
    }

    private final class Dialer implements Connector.Dialer<String> {

        final BlockingQueue<InetSocketAddress> begun = new LinkedBlockingQueue<>();
        final BlockingQueue<String> cancelled = new LinkedBlockingQueue<>();
        final Map<String, Promise<String>> promises = new LinkedHashMap<>();

        @Override
        public Attempt<String> dial(InetSocketAddress address) {
            Promise<String> promise = Promise.promise();
            String name = Addresses.format(address);
            synchronized (promises) {
                promises.put(name, promise);
            }
            begun.add(address);
            return new Attempt<>() {
                @Override
                public Future<String> result() {
                    return promise.future();
                }

                @Override
                public void cancel() {
                    cancelled.add(name);
                }
            };
        }

        InetSocketAddress next() throws InterruptedException {
            InetSocketAddress address = begun.poll(10, TimeUnit.SECONDS);
            if (address == null) {
                throw new AssertionError("no further attempt");
            }
            return address;
        }

        String next(String expected) throws InterruptedException {
            assertThat(Addresses.format(next())).isEqualTo(expected);
            return expected;
        }

        void succeed(String name) {
            complete(name, promise -> promise.complete(name));
        }

        void fail(String name, Throwable cause) {
            complete(name, promise -> promise.fail(cause));
        }

        private void complete(String name, java.util.function.Consumer<Promise<String>> how) {
            Promise<String> promise;
            synchronized (promises) {
                promise = promises.get(name);
            }
            context.nettyEventLoop().execute(() -> how.accept(promise));
        }
    }

    private static final class Ear implements Receiver {

        final List<Phase> phases = java.util.Collections.synchronizedList(new ArrayList<>());
        final List<String> warnings = java.util.Collections.synchronizedList(new ArrayList<>());

        @Override
        public void completed(Phase phase, Duration took) {
            phases.add(phase);
        }

        @Override
        public void warned(String word, String sentence) {
            warnings.add(word + ": " + sentence);
        }

        @Override
        public void received(Buffer bytes) {}

        @Override
        public void ended() {}

        @Override
        public void failed(TransportException cause) {}
    }
}
