package dev.vecho.server;

import static dev.vecho.server.Service.IPV6;
import static dev.vecho.server.Service.blocking;
import static dev.vecho.server.Service.bytes;
import static dev.vecho.server.Service.canBind;
import static dev.vecho.server.Service.echo;
import static dev.vecho.server.Service.freePort;
import static dev.vecho.server.Service.lines;
import static dev.vecho.server.Service.listeners;
import static dev.vecho.server.Service.tcp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.vecho.core.Traffic;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The service in a Vert.x application: what it opens, what it says where it cannot, and how it stops. */
@ExtendWith(VertxExtension.class)
final class EchoServerVerticleTest {

    private static final String NAME = "dev.vecho.server.EchoServerVerticle";

    @BeforeEach
    void clearNotes() {
        NotingTransport.clear();
    }

    // What it opens.

    @Test
    void listensOnBothFamiliesOfLocalhost(Vertx vertx, VertxTestContext test) {
        Service.start(vertx, listeners("tcp", new JsonObject().put("port", 0)))
                .compose(service -> {
                    int port = service.port("tcp");
                    assertThat(port).isPositive();
                    assertThat(service.listener("tcp").addresses())
                            .containsExactlyElementsOf(
                                    IPV6
                                            ? List.of("tcp://127.0.0.1:" + port, "tcp://[::1]:" + port)
                                            : List.of("tcp://127.0.0.1:" + port));
                    return echo(vertx, new InetSocketAddress("127.0.0.1", port))
                            .compose(v4 -> IPV6 ? echo(vertx, new InetSocketAddress("::1", port)) : v6IsNotHere())
                            .compose(v6 -> echo(vertx, new InetSocketAddress("localhost", port)));
                })
                .onComplete(test.succeedingThenComplete());
    }

    private static Future<Void> v6IsNotHere() {
        return Future.succeededFuture();
    }

    @Test
    void isDeployedByNameWithItsConfigurationInTheOptions(Vertx vertx, VertxTestContext test) throws Exception {
        int port = freePort();
        vertx.deployVerticle(NAME, new DeploymentOptions().setConfig(listeners("a", tcp("127.0.0.1", port))))
                .compose(id ->
                        echo(vertx, new InetSocketAddress("127.0.0.1", port)).compose(echoed -> vertx.undeploy(id)))
                .onComplete(test.succeeding(stopped -> test.verify(() -> {
                    Service.assertFree("127.0.0.1", port);
                    test.completeNow();
                })));
    }

    @Test
    void opensSeveralListenersButNoneThatIsSwitchedOff(Vertx vertx, VertxTestContext test) throws Exception {
        int off = freePort();
        Service.start(
                        vertx,
                        listeners(
                                "one", tcp("127.0.0.1", 0),
                                "off", tcp("127.0.0.1", off).put("enabled", false),
                                "tls", tcp("127.0.0.1", 0).put("tls", new JsonObject().put("selfSigned", true)),
                                "two", tcp("127.0.0.1", 0)))
                .compose(service -> {
                    assertThat(service.verticle().listeners())
                            .extracting("name", String.class)
                            .containsExactly("one", "tls", "two");
                    assertThat(service.verticle().listeners())
                            .extracting("transport", String.class)
                            .containsOnly("tcp");
                    assertThat(service.listener("tls").addresses().get(0)).startsWith("tls://127.0.0.1:");
                    assertThat(service.listener("tls").notes())
                            .singleElement()
                            .asString()
                            .contains("fingerprint");
                    assertThat(canBind("127.0.0.1", off)).isTrue();
                    return echo(vertx, service.address("one"))
                            .compose(echoed -> echo(vertx, service.address("two")))
                            .map(service);
                })
                .onComplete(test.succeeding(service -> test.verify(() -> {
                    assertThat(service.traffic("one").accepted()).isEqualTo(1);
                    assertThat(service.traffic("two").accepted()).isEqualTo(1);
                    assertThat(service.traffic("tls").accepted()).isZero();
                    test.completeNow();
                })));
    }

    @Test
    void opensOnePortOfBothFamiliesAsTwoListeners(Vertx vertx, VertxTestContext test) throws Exception {
        assumeTrue(IPV6, "this machine has no IPv6");
        int port = freePort();
        Service.start(vertx, listeners("ipv4", tcp("127.0.0.1", port), "ipv6", tcp("::1", port)))
                .compose(service -> echo(vertx, new InetSocketAddress("127.0.0.1", port))
                        .compose(echoed -> echo(vertx, new InetSocketAddress("::1", port)))
                        .compose(echoed -> echo(vertx, new InetSocketAddress("localhost", port)))
                        .map(service))
                .onComplete(test.succeeding(service -> test.verify(() -> {
                    assertThat(service.listener("ipv6").addresses()).containsExactly("tcp://[::1]:" + port);
                    assertThat(service.traffic("ipv6").accepted()).isPositive();
                    assertThat(service.traffic("ipv4").accepted()
                                    + service.traffic("ipv6").accepted())
                            .isEqualTo(3);
                    test.completeNow();
                })));
    }

    @Test
    void reachesBothFamiliesThroughTheWildcard(Vertx vertx, VertxTestContext test) {
        assumeTrue(IPV6, "this machine has no IPv6");
        Service.start(vertx, listeners("all", tcp("::", 0)))
                .compose(service -> {
                    int port = service.port("all");
                    assertThat(service.listener("all").addresses()).containsExactly("tcp://[::]:" + port);
                    return echo(vertx, new InetSocketAddress("127.0.0.1", port))
                            .compose(echoed -> echo(vertx, new InetSocketAddress("::1", port)));
                })
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void opensATransportThatTheClassPathNames(Vertx vertx, VertxTestContext test) {
        JsonObject configuration = listeners(
                        "a", new JsonObject().put("transport", "noting").put("place", "here"))
                .put("drainMillis", 1234);
        Service.start(vertx, configuration)
                .compose(service -> {
                    assertThat(service.listener("a").addresses()).containsExactly("noting://here");
                    assertThat(service.listener("a").notes()).containsExactly("notes everything");
                    assertThat(NotingTransport.LISTENED)
                            .as("event loops that listen")
                            .hasSize(VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE)
                            .doesNotHaveDuplicates();
                    assertThat(NotingTransport.DRAINED).isEmpty();
                    return service.stop();
                })
                .onComplete(test.succeeding(stopped -> test.verify(() -> {
                    assertThat(NotingTransport.DRAINED)
                            .hasSize(VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE)
                            .containsOnly(Duration.ofMillis(1234));
                    test.completeNow();
                })));
    }

    @Test
    void spreadsTheConnectionsOverAllEventLoops(Vertx vertx, VertxTestContext test) {
        Logged logged = new Logged();
        int connections = 10 * VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE;
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0).put("proxyProtocol", true)))
                .compose(service -> blocking(vertx, () -> {
                    for (int i = 0; i < connections; i++) {
                        try (EchoClient client = SocketClient.tcp(service.address("a"), 0)) {
                            client.out().write("PROXY UNKNOWN\r\n".getBytes(StandardCharsets.US_ASCII));
                            Service.assertEchoes(client, "x");
                        }
                    }
                    return null;
                }))
                .onComplete(test.succeeding(done -> test.verify(() -> {
                    // A line for each connection, logged on its event loop.
                    assertThat(logged.by("dev.vecho.transport.tcp.ProxyHeader").stream()
                                    .collect(
                                            Collectors.groupingBy(ILoggingEvent::getThreadName, Collectors.counting())))
                            .hasSize(VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE)
                            .allSatisfy((loop, count) -> assertThat(count).isEqualTo(10));
                    logged.close();
                    test.completeNow();
                })));
    }

    @Test
    void countsConnectionsAndBytes(Vertx vertx, VertxTestContext test) {
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0).put("maxConnections", 1)))
                .compose(service -> blocking(vertx, () -> {
                            InetSocketAddress address = service.address("a");
                            assertThat(service.traffic("a")).isEqualTo(new Traffic.Snapshot(0, 0, 0, 0, 0, 0));
                            SocketClient client = SocketClient.tcp(address, 0);
                            Service.assertEchoes(client, "12345");
                            awaitSent(service, 5);
                            assertThat(service.traffic("a")).isEqualTo(new Traffic.Snapshot(1, 1, 0, 0, 5, 5));
                            try (EchoClient refused = SocketClient.tcp(address, 0)) {
                                Service.assertEndsWithoutAByte(refused);
                            }
                            Service.assertEchoes(client, "678");
                            awaitSent(service, 8);
                            assertThat(service.traffic("a")).isEqualTo(new Traffic.Snapshot(1, 1, 1, 0, 8, 8));
                            client.reset();
                            return null;
                        })
                        .compose(reset -> Service.eventually(
                                vertx, () -> service.traffic("a").active() == 0))
                        .map(service))
                .compose(service -> echo(vertx, service.address("a"))
                        .compose(echoed -> Service.eventually(
                                vertx, () -> service.traffic("a").active() == 0))
                        .map(service))
                .onComplete(test.succeeding(service -> test.verify(() -> {
                    assertThat(service.traffic("a")).isEqualTo(new Traffic.Snapshot(2, 0, 1, 1, 100_008, 100_008));
                    test.completeNow();
                })));
    }

    /** What is sent is counted when it was, and its receiver may be faster. Blocks. */
    private static void awaitSent(Service service, long bytes) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (service.traffic("a").sent() != bytes) {
            assertThat(System.nanoTime()).as("not in time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    // What it says where it cannot.

    @Test
    void opensNothingWhereAnythingIsWrong(Vertx vertx, VertxTestContext test) throws Exception {
        int port = freePort();
        Service.start(
                        vertx,
                        listeners(
                                "a", new JsonObject().put("transport", "noting"),
                                "b", tcp("127.0.0.1", port),
                                "c", tcp("127.0.0.1", 70_000)))
                .onComplete(test.failing(failure -> test.verify(() -> {
                    assertThat(failure).isInstanceOf(InvalidInputException.class);
                    assertThat(lines(failure))
                            .containsExactly("deployment options: listeners.c.port: must be 0..65535, was 70000");
                    assertThat(NotingTransport.LISTENED).isEmpty();
                    Service.assertFree("127.0.0.1", port);
                    test.completeNow();
                })));
    }

    @Test
    void closesTheOthersWhereOneCannotBind(Vertx vertx, VertxTestContext test) throws Exception {
        int free = freePort();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        cannotBind(
                        vertx,
                        listeners(
                                "free", tcp("localhost", free),
                                "noting", new JsonObject().put("transport", "noting"),
                                "taken", tcp("127.0.0.1", taken.getLocalPort())))
                .onComplete(test.succeeding(problems -> test.verify(() -> {
                    taken.close();
                    assertThat(problems)
                            .containsExactly("listeners.taken: cannot bind 127.0.0.1:" + taken.getLocalPort()
                                    + ": address already in use");
                    assertThat(NotingTransport.DRAINED).hasSameSizeAs(NotingTransport.LISTENED);
                    Service.assertFree("127.0.0.1", free);
                    if (IPV6) {
                        Service.assertFree("::1", free);
                    }
                    assertThat(vertx.deploymentIDs()).isEmpty();
                    test.completeNow();
                })));
    }

    @Test
    void opensAfterAllOnceTheAddressIsFree(Vertx vertx, VertxTestContext test) throws Exception {
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        int port = taken.getLocalPort();
        cannotBind(vertx, listeners("a", tcp("localhost", port)))
                .compose(problems -> {
                    try {
                        taken.close();
                    } catch (IOException e) {
                        return Future.failedFuture(e);
                    }
                    return Service.start(vertx, listeners("a", tcp("localhost", port)));
                })
                .compose(service -> echo(vertx, new InetSocketAddress("127.0.0.1", port)))
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void closesTheFirstFamilyWhereTheSecondCannotBind(Vertx vertx, VertxTestContext test) throws Exception {
        assumeTrue(IPV6, "this machine has no IPv6");
        int port = freePort();
        ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName("::1"));
        cannotBind(vertx, listeners("a", tcp("localhost", port)))
                .onComplete(test.succeeding(problems -> test.verify(() -> {
                    taken.close();
                    assertThat(problems)
                            .containsExactly("listeners.a: cannot bind [::1]:" + port + ": address already in use");
                    Service.assertFree("127.0.0.1", port);
                    test.completeNow();
                })));
    }

    @Test
    void tellsAllThatCannotBind(Vertx vertx, VertxTestContext test) throws Exception {
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        cannotBind(
                        vertx,
                        listeners(
                                "a", tcp("nowhere.invalid", 5),
                                "b", tcp("127.0.0.1", taken.getLocalPort()),
                                "c", tcp("127.0.0.1", 0),
                                // TEST-NET-1, RFC 5737: no machine has it.
                                "d", tcp("192.0.2.1", 6)))
                .onComplete(test.succeeding(problems -> test.verify(() -> {
                    taken.close();
                    assertThat(problems)
                            .containsExactly(
                                    "listeners.a: cannot bind nowhere.invalid:5: the name does not resolve:"
                                            + " nowhere.invalid",
                                    "listeners.b: cannot bind 127.0.0.1:" + taken.getLocalPort()
                                            + ": address already in use",
                                    "listeners.d: cannot bind 192.0.2.1:6: cannot assign requested address");
                    test.completeNow();
                })));
    }

    @Test
    void refusesAnAddressThatAnotherOfThisVertxHas(Vertx vertx, VertxTestContext test) {
        Service.start(vertx, listeners("first", tcp("127.0.0.1", 0)))
                .compose(first -> {
                    int port = first.port("first");
                    return cannotBind(vertx, listeners("second", tcp("127.0.0.1", port)))
                            .compose(problems -> {
                                assertThat(problems)
                                        .containsExactly("listeners.second: cannot bind 127.0.0.1:" + port
                                                + ": address already in use");
                                return echo(vertx, first.address("first"));
                            })
                            .compose(echoed -> first.stop())
                            .compose(stopped -> Service.start(vertx, listeners("second", tcp("127.0.0.1", port))));
                })
                .compose(second -> echo(vertx, second.address("second")))
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void refusesTwoNamesOfOneAddress(Vertx vertx, VertxTestContext test) throws Exception {
        int port = freePort();
        cannotBind(vertx, listeners("a", tcp("127.0.0.1", port), "b", tcp("localhost", port)))
                .onComplete(test.succeeding(problems -> test.verify(() -> {
                    assertThat(problems)
                            .singleElement()
                            .asString()
                            .endsWith(": cannot bind 127.0.0.1:" + port + ": address already in use");
                    Service.assertFree("127.0.0.1", port);
                    test.completeNow();
                })));
    }

    private static Future<List<String>> cannotBind(Vertx vertx, JsonObject configuration) {
        return Service.start(vertx, configuration).transform(result -> {
            if (result.cause() instanceof TransportException failure) {
                assertThat(failure.fault()).isEqualTo(Fault.BIND);
                return Future.succeededFuture(lines(failure));
            }
            return Future.failedFuture(new AssertionError("not told: " + configuration, result.cause()));
        });
    }

    // How it stops.

    @Test
    void letsConnectionsFinishWhenItStops(Vertx vertx, VertxTestContext test) {
        byte[] sent = bytes(200_000);
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0)).put("drainMillis", 20_000))
                .compose(service -> {
                    InetSocketAddress address = service.address("a");
                    List<Future<Void>> stopping = new ArrayList<>();
                    return blocking(vertx, () -> {
                                try (EchoClient client = SocketClient.tcp(address, 0)) {
                                    Service.assertEchoes(client, "before");
                                    stopping.add(service.stop());
                                    awaitRefused(address);
                                    client.out().write(sent);
                                    client.closeOutput();
                                    assertThat(client.in().readAllBytes()).isEqualTo(sent);
                                }
                                return null;
                            })
                            .compose(finished -> stopping.get(0))
                            .map(service);
                })
                .onComplete(test.succeeding(service -> test.verify(() -> {
                    Service.assertFree("127.0.0.1", service.port("a"));
                    assertThat(service.traffic("a").failed())
                            .as("failed connections")
                            .isZero();
                    assertThat(service.traffic("a").active())
                            .as("open connections")
                            .isZero();
                    assertThat(vertx.deploymentIDs()).isEmpty();
                    test.completeNow();
                })));
    }

    @Test
    void closesWhatIsLeftAfterTheGracePeriod(Vertx vertx, VertxTestContext test) {
        Service.start(vertx, listeners("a", tcp("127.0.0.1", 0)).put("drainMillis", 200))
                .compose(service -> {
                    List<Future<Void>> stopping = new ArrayList<>();
                    return blocking(vertx, () -> {
                                try (EchoClient client = SocketClient.tcp(service.address("a"), 0)) {
                                    Service.assertEchoes(client, "before");
                                    stopping.add(service.stop());
                                    assertThat(client.in().read()).as("the end").isEqualTo(-1);
                                }
                                return null;
                            })
                            .compose(finished -> stopping.get(0))
                            .map(service);
                })
                .onComplete(test.succeeding(service -> test.verify(() -> {
                    Service.assertFree("127.0.0.1", service.port("a"));
                    test.completeNow();
                })));
    }

    private static void awaitRefused(InetSocketAddress address) throws IOException {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (System.nanoTime() < end) {
            // One that comes before the listener has stopped is let in, and would be served for the grace period.
            try (EchoClient late = SocketClient.tcp(address, 0)) {
                late.closeOutput();
            } catch (ConnectException e) {
                return;
            } catch (SocketException e) {
                assertThat(e).as("shut out in between").isNotNull();
            }
        }
        throw new AssertionError("new connections are still accepted");
    }
}
