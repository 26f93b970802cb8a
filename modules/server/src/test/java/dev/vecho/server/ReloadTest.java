package dev.vecho.server;

import static dev.vecho.server.Reloading.await;
import static dev.vecho.server.Reloading.eventually;
import static dev.vecho.server.Service.assertEchoes;
import static dev.vecho.server.Service.canBind;
import static dev.vecho.server.Service.freePort;
import static dev.vecho.server.Service.listeners;
import static dev.vecho.server.Service.tcp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Traffic;
import dev.vecho.net.io.Io;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import dev.vecho.server.EchoService.State;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Changes of the configuration of a service that runs. */
@Timeout(120)
final class ReloadTest {

    private static final String LOCAL = "127.0.0.1";

    @TempDir
    Path directory;

    @BeforeEach
    void clearNotes() {
        NotingTransport.clear();
        ProbeSection.EVENTS.clear();
    }

    private static JsonObject tcp0() {
        return tcp(LOCAL, 0);
    }

    // What changes, and what stays.

    @Test
    void leavesAloneWhatIsTheSame() throws Exception {
        JsonObject same = listeners("a", tcp0());
        try (Reloading service = Reloading.serve(directory, same);
                EchoClient client = service.connect("a")) {
            Instant begin = service.service().lastSuccess();
            int port = service.address("a").getPort();
            Reload reload = service.reload(same);
            assertThat(reload.outcome()).isEqualTo(Outcome.UNCHANGED);
            assertThat(reload.changes()).isEmpty();
            assertThat(service.address("a").getPort()).isEqualTo(port);
            assertEchoes(client, "still here");
            assertThat(service.service().lastReload()).contains(reload);
            assertThat(service.service().reloads()).containsOnlyKeys(Outcome.UNCHANGED);
            assertThat(service.service().lastSuccess()).isEqualTo(reload.at()).isAfterOrEqualTo(begin);
        }
    }

    @Test
    void givesNewLimitsToNewConnections() throws Exception {
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp0().put("maxConnections", 1)));
                EchoClient first = service.connect("a")) {
            assertEchoes(first, "one");
            Traffic traffic = service.as().listener("a").traffic();
            try (EchoClient refused = service.connect("a")) {
                Service.assertEndsWithoutAByte(refused);
            }
            int port = service.address("a").getPort();
            List<String> changes =
                    service.apply(listeners("a", tcp0().put("maxConnections", 5).put("idleTimeoutMillis", 600_000)));
            assertThat(changes).containsExactly("listeners.a: changed idleTimeoutMillis, maxConnections");
            assertThat(service.address("a").getPort()).isEqualTo(port);
            try (EchoClient second = service.connect("a")) {
                assertEchoes(second, "two");
                assertEchoes(first, "one again");
            }
            assertThat(service.as().listener("a").traffic()).isSameAs(traffic);
            assertThat(service.service().configuration())
                    .anySatisfy(value ->
                            assertThat(value.key() + "=" + value.value()).isEqualTo("listeners.a.maxConnections=5"));
        }
    }

    @Test
    void switchesTlsOnAndOffForNewConnections() throws Exception {
        Certificates certificates = new Certificates(directory);
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp0()));
                EchoClient plain = service.connect("a")) {
            service.apply(
                    listeners("a", tcp0().put("tls", certificates.localhost().options())));
            assertThat(service.as().listener("a").addresses().get(0)).startsWith("tls://");
            try (EchoClient encrypted = SocketClient.tls(
                    SocketClient.trusting(certificates.trustManager()), "TLSv1.3", service.address("a"), 0)) {
                assertEchoes(encrypted, "secret");
                assertEchoes(plain, "still plain");
                service.apply(listeners("a", tcp0()));
                assertEchoes(encrypted, "still secret");
            }
            try (EchoClient again = service.connect("a")) {
                assertEchoes(again, "plain again");
            }
        }
    }

    @Test
    void keepsASelfSignedCertificateWhenOtherThingsChange() throws Exception {
        JsonObject tls = new JsonObject().put("selfSigned", true);
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp0().put("tls", tls)))) {
            List<String> notes = service.as().listener("a").notes();
            service.apply(listeners("a", tcp0().put("tls", tls).put("maxConnections", 5)));
            assertThat(service.as().listener("a").notes()).isEqualTo(notes);
        }
    }

    @Test
    void opensAndClosesListeners() throws Exception {
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp0(), "b", tcp0()));
                EchoClient a = service.connect("a");
                EchoClient b = service.connect("b")) {
            int port = service.address("b").getPort();
            // What waits keeps it from being quiet, and so from being ended by the drain.
            b.out().write(new byte[1 << 20]);
            b.out().flush();
            List<String> changes = service.apply(listeners("a", tcp0(), "c", tcp0().put("noDelay", false)));
            assertThat(changes)
                    .containsExactly(
                            "listeners.c: opened tcp://" + LOCAL + ":"
                                    + service.address("c").getPort(),
                            "listeners.b: closed tcp://" + LOCAL + ":" + port);
            assertThat(service.service().listeners())
                    .extracting(OpenListener::name)
                    .containsExactly("a", "c");
            assertEchoes(a, "untouched");
            assertThat(b.in().readNBytes(1 << 20)).hasSize(1 << 20);
            Service.assertFree(LOCAL, port);
            try (EchoClient c = service.connect("c")) {
                assertEchoes(c, "new");
            }
        }
    }

    /** One that has another name, but the address of another one, is the same listener. */
    @Test
    void keepsTheConnectionsOfAListenerThatIsRenamed() throws Exception {
        int port = freePort();
        try (Reloading service = Reloading.serve(directory, listeners("old", tcp(LOCAL, port)));
                EchoClient client = service.connect("old")) {
            assertEchoes(client, "before");
            assertThat(service.apply(listeners("new", tcp(LOCAL, port))))
                    .startsWith("listeners.new: was listeners.old");
            assertEchoes(client, "after");
            assertThat(service.as().traffic("new").accepted()).isEqualTo(1);
        }
    }

    @Test
    void swapsTheAddressesOfTwoListeners() throws Exception {
        int one = freePort();
        int other = freePort();
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp(LOCAL, one), "b", tcp(LOCAL, other)));
                EchoClient client = service.connect("a")) {
            service.apply(listeners("a", tcp(LOCAL, other), "b", tcp(LOCAL, one)));
            assertThat(service.address("a").getPort()).isEqualTo(other);
            assertEchoes(client, "goes on");
            assertThat(service.as().traffic("b").active()).isEqualTo(1);
        }
    }

    /** The port is taken over by listeners of another name and host spelling while clients connect all the time. */
    @Test
    void isReachableAllTheTimeWhileItsPortChangesHands() throws Exception {
        int port = freePort();
        JsonObject narrow = tcp(LOCAL, port);
        JsonObject wide = tcp("localhost", port);
        try (Reloading service = Reloading.serve(directory, listeners("a", narrow))) {
            Connecting connecting = new Connecting(port);
            Future<Integer> done = service.vertx().executeBlocking(connecting::run, false);
            for (int i = 0; i < 10; i++) {
                service.apply(listeners("a", i % 2 == 0 ? wide : narrow));
            }
            connecting.stop();
            assertThat(await(done)).as("connections that echoed").isPositive();
        }
    }

    /** A client that connects again and again, and fails where it is refused or gets no echo. */
    private static final class Connecting {

        private final int port;
        private volatile boolean stopped;

        Connecting(int port) {
            this.port = port;
        }

        int run() throws IOException {
            int count = 0;
            while (!stopped || count == 0) {
                try (Socket socket = new Socket(LOCAL, port)) {
                    socket.setSoTimeout(60_000);
                    socket.getOutputStream().write('!');
                    assertThat(socket.getInputStream().read()).isEqualTo('!');
                }
                count++;
            }
            return count;
        }

        void stop() {
            stopped = true;
        }
    }

    @Test
    void saysWhatTakesEffectLater() throws Exception {
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp0()))) {
            assertThat(service.apply(listeners("a", tcp0().put("backlog", 7))))
                    .containsExactly(
                            "listeners.a: changed backlog",
                            "listeners.a.backlog: takes effect when the service starts again");
        }
    }

    @Test
    void changesItsOwnKeys() throws Exception {
        JsonObject listeners = listeners("a", tcp0());
        try (Reloading service = Reloading.serve(directory, listeners)) {
            assertThat(service.apply(listeners.copy().put("drainMillis", 7).put("busyPollMicros", 0)))
                    .containsExactly("drainMillis: 7 (was 10000)", "busyPollMicros: 0 (was 50)");
        }
    }

    /** One of a foreign transport, which knows nothing of reloads. */
    @Test
    void opensAForeignListenerAnew() throws Exception {
        JsonObject foreign = new JsonObject().put("transport", "noting");
        try (Reloading service = Reloading.serve(directory, listeners("a", foreign))) {
            NotingTransport.clear();
            assertThat(service.apply(listeners("a", foreign.copy().put("place", "elsewhere"))))
                    .containsExactly("listeners.a: opened noting://elsewhere", "listeners.a: closed noting://nowhere");
            assertThat(NotingTransport.LISTENED).isNotEmpty();
            eventually("the old one drains", () -> !NotingTransport.DRAINED.isEmpty());
        }
    }

    // All or nothing.

    @Test
    void keepsEverythingWhereSomethingIsWrong() throws Exception {
        try (Logged logged = new Logged();
                Reloading service = Reloading.serve(directory, listeners("a", tcp0()));
                EchoClient client = service.connect("a")) {
            List<ConfiguredValue> before = service.service().configuration();
            List<String> problems = service.reject(
                    listeners("a", tcp0().put("maxConnections", 0), "b", tcp0().put("prot", 1), "c", tcp0()));
            assertThat(problems)
                    .hasSize(2)
                    .allMatch(problem ->
                            problem.startsWith(directory.resolve("vecho.json").toString()));
            assertEchoes(client, "as before");
            assertThat(service.service().listeners())
                    .extracting(OpenListener::name)
                    .containsExactly("a");
            assertThat(service.service().configuration()).isEqualTo(before);
            assertThat(service.service().reloads()).containsOnlyKeys(Outcome.REJECTED);
            assertThat(logged.by(Reloads.class))
                    .extracting("formattedMessage", String.class)
                    .containsAll(problems);
        }
    }

    @Test
    void takesAllBackWhereAnAddressCannotBeBound() throws Exception {
        int free = freePort();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName(LOCAL));
                Reloading service =
                        Reloading.serve(directory, listeners("a", tcp0().put("maxConnections", 1), "z", tcp0()));
                EchoClient client = service.connect("a")) {
            assertEchoes(client, "one");
            assertThat(service.reject(listeners(
                            "a", tcp0().put("maxConnections", 5),
                            "b", tcp(LOCAL, free),
                            "c", tcp(LOCAL, taken.getLocalPort()))))
                    .singleElement()
                    .asString()
                    .startsWith("listeners.c: cannot bind " + LOCAL + ":" + taken.getLocalPort());
            assertEchoes(client, "one");
            Service.assertFree(LOCAL, free);
            assertThat(service.service().listeners())
                    .extracting(OpenListener::name)
                    .containsExactly("a", "z");
            try (EchoClient refused = service.connect("a")) {
                Service.assertEndsWithoutAByte(refused);
            }
            // And nothing of it stands in the way of the next.
            service.apply(listeners("a", tcp0().put("maxConnections", 5), "b", tcp(LOCAL, free)));
        }
    }

    @Test
    void rejectsAnotherIo() throws Exception {
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp0()))) {
            String other = Io.of(service.vertx()).equals("nio") ? "epoll" : "nio";
            assertThat(service.reject(listeners("a", tcp0()).put("io", other)))
                    .singleElement()
                    .asString()
                    .contains("io: must be ");
        }
    }

    @Test
    void doesOneMoreReloadForAllThatAreAskedForMeanwhile() throws Exception {
        try (Reloading service = Reloading.serve(directory, listeners("a", tcp0()))) {
            service.write(listeners("a", tcp0().put("maxConnections", 5)));
            List<Future<Reload>> asked = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                asked.add(service.service().reload());
            }
            await(Future.all(asked));
            assertThat(asked.get(0).result().outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(service.service().reloads().values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .isLessThan(20);
            assertThat(asked.get(19).result().outcome()).isEqualTo(Outcome.UNCHANGED);
        }
    }

    // Looking for changes.

    private static JsonObject watched(JsonObject listeners) {
        return listeners.put("configScanMillis", 20);
    }

    @Test
    void seesAFileThatIsReplaced() throws Exception {
        try (Reloading service = Reloading.serve(directory, watched(listeners("a", tcp0())))) {
            service.write(watched(listeners("a", tcp0(), "b", tcp0())));
            eventually("b opens", () -> service.service().listeners().size() == 2);
        }
    }

    /** As Kubernetes mounts a config map: files are links through ..data, which is a link to a directory that is replaced. */
    @Test
    void seesADirectoryOfLinksThatIsSwapped() throws Exception {
        Certificates certificates = new Certificates(directory);
        Path mount = Files.createDirectory(directory.resolve("mount"));
        version(mount, "..1", certificates.localhost(), 1);
        Files.createSymbolicLink(mount.resolve("..data"), Path.of("..1"));
        for (String name : List.of("vecho.json", "tls.crt", "tls.key")) {
            Files.createSymbolicLink(mount.resolve(name), Path.of("..data", name));
        }
        try (Reloading service = Reloading.serve(mount.resolve("vecho.json"))) {
            version(mount, "..2", certificates.localhostRsa(), 1);
            Path next = Files.createSymbolicLink(mount.resolve("..data_tmp"), Path.of("..2"));
            Files.move(next, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
            eventually(
                    "the certificate is seen",
                    () -> service.service().lastReload().isPresent());
            Reload reload = service.service().lastReload().orElseThrow();
            assertThat(reload.changes())
                    .singleElement()
                    .asString()
                    .startsWith("listeners.a: changed the content of ")
                    .contains("tls.crt", "tls.key");
        }
    }

    private static void version(Path mount, String name, Certificates.Issued certificate, int number)
            throws IOException {
        Path version = Files.createDirectory(mount.resolve(name));
        JsonObject tls = new JsonObject().put("certificate", "tls.crt").put("key", "tls.key");
        Files.writeString(
                version.resolve("vecho.json"),
                watched(listeners("a", tcp0().put("tls", tls).put("maxConnections", number)))
                        .encode());
        Files.copy(certificate.certificate(), version.resolve("tls.crt"));
        Files.copy(certificate.key(), version.resolve("tls.key"));
    }

    /** The configuration is in the deployment options of another application; its certificates are on the disk. */
    @Test
    void seesCertificatesOfAConfigurationThatIsInNoFile() throws Exception {
        Certificates certificates = new Certificates(directory);
        Certificates.Issued issued = certificates.localhost();
        Certificates.Issued next = certificates.localhostRsa();
        try (Reloading other = Reloading.serve(directory, listeners("x", tcp0()))) {
            Service service =
                    await(Service.start(other.vertx(), watched(listeners("a", tcp0().put("tls", issued.options())))));
            Files.move(next.key(), issued.key(), StandardCopyOption.REPLACE_EXISTING);
            Files.move(next.certificate(), issued.certificate(), StandardCopyOption.REPLACE_EXISTING);
            eventually("it is applied", () -> service.verticle().reloads().containsKey(Outcome.APPLIED));
        }
    }

    @Test
    void tellsOfAWrongFileOnce() throws Exception {
        try (Reloading service = Reloading.serve(directory, watched(listeners("a", tcp0())))) {
            Reloading.replace(directory.resolve("vecho.json"), "{ \"listeners\": ");
            eventually("it is rejected", () -> service.service().lastReload().isPresent());
            Reload first = service.service().lastReload().orElseThrow();
            assertThat(first.outcome()).isEqualTo(Outcome.REJECTED);
            service.write(watched(listeners("a", tcp0().put("port", -1))));
            eventually(
                    "so is the next",
                    () -> !service.service().lastReload().orElseThrow().equals(first));
            // More than ten looks.
            TimeUnit.MILLISECONDS.sleep(400);
            assertThat(service.service().reloads()).containsExactly(Map.entry(Outcome.REJECTED, 2L));
            service.write(watched(listeners("a", tcp0().put("maxConnections", 5))));
            eventually(
                    "the right one is applied",
                    () -> service.service().reloads().containsKey(Outcome.APPLIED));
        }
    }

    // How it stops.

    @Test
    void goesOnToAcceptForTheDrainDelay() throws Exception {
        JsonObject patient = listeners("a", tcp0(), "b", tcp0())
                .put("drainDelayMillis", 86_400_000)
                .put("drainMillis", 0);
        try (Reloading service = Reloading.serve(directory, patient)) {
            int closed = service.address("b").getPort();
            // One that is removed does not wait.
            service.apply(listeners("a", tcp0()).put("drainDelayMillis", 4000).put("drainMillis", 0));
            Service.assertFree(LOCAL, closed);
            Future<Void> stopping = service.undeploy();
            eventually("it drains", () -> service.service().state() == State.DRAINING);
            try (EchoClient late = service.connect("a")) {
                assertEchoes(late, "accepted while it waits");
            }
            assertThat(stopping.isComplete()).isFalse();
            int port = service.address("a").getPort();
            await(stopping);
            assertThat(canBind(LOCAL, port)).isTrue();
            assertThat(await(service.service().reload()).problems())
                    .singleElement()
                    .asString()
                    .startsWith("the service is draining");
        }
    }

    @Test
    void waitsForListenersThatWereRemoved() throws Exception {
        JsonObject both = listeners("a", tcp0(), "b", tcp0()).put("drainMillis", 3_600_000);
        try (Reloading service = Reloading.serve(directory, both)) {
            Future<Void> stopping;
            try (EchoClient client = service.connect("b")) {
                client.out().write(new byte[1 << 20]);
                client.out().flush();
                service.apply(listeners("a", tcp0()).put("drainMillis", 3_600_000));
                stopping = service.undeploy();
                assertThat(client.in().readNBytes(1 << 20)).hasSize(1 << 20);
            }
            await(stopping);
        }
    }

    @Test
    void leavesNothingOpenWhenItStopsDuringAReload() throws Exception {
        for (int i = 0; i < 5; i++) {
            int port = freePort();
            try (Reloading service = Reloading.serve(directory, listeners("a", tcp0()))) {
                service.write(listeners("a", tcp0(), "b", tcp(LOCAL, port)));
                Future<Reload> reload = service.service().reload();
                await(service.undeploy());
                await(reload);
                Service.assertFree(LOCAL, port);
            }
        }
    }

    // Sections.

    @Test
    void changesSectionsWithTheRest() throws Exception {
        JsonObject one = listeners("a", tcp0()).put("probe", new JsonObject().put("name", "one"));
        try (Reloading service = Reloading.serve(directory, one)) {
            assertThat(service.reload(one).outcome()).isEqualTo(Outcome.UNCHANGED);
            assertThat(ProbeSection.EVENTS).containsExactly("start one");
            ProbeSection.EVENTS.clear();
            assertThat(service.apply(listeners("a", tcp0()).put("probe", new JsonObject().put("name", "two"))))
                    .containsExactly("probe: changed name");
            assertThat(ProbeSection.EVENTS).containsExactly("stop one", "start two");
            ProbeSection.EVENTS.clear();
            service.apply(listeners("a", tcp0())
                    .put("probe", new JsonObject().put("name", "three").put("adopts", true)));
            assertThat(ProbeSection.EVENTS).containsExactly("adopt three");
            ProbeSection.EVENTS.clear();
            assertThat(service.apply(listeners("a", tcp0()))).containsExactly("probe: stopped");
            assertThat(service.apply(one)).containsExactly("probe: started");
        }
    }

    @Test
    void takesAllBackWhereASectionCannotStart() throws Exception {
        int port = freePort();
        JsonObject one = listeners("a", tcp0()).put("probe", new JsonObject().put("name", "one"));
        try (Reloading service = Reloading.serve(directory, one)) {
            ProbeSection.EVENTS.clear();
            assertThat(service.reject(listeners("a", tcp0().put("maxConnections", 5), "b", tcp(LOCAL, port))
                            .put("probe", new JsonObject().put("name", "two").put("fails", true))))
                    .containsExactly("probe: two cannot start");
            assertThat(ProbeSection.EVENTS).containsExactly("stop one", "start two", "start one");
            Service.assertFree(LOCAL, port);
            assertThat(service.reload(one).outcome()).isEqualTo(Outcome.UNCHANGED);
            assertThatThrownBy(() -> new Socket(LOCAL, port).close()).isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void closesTheListenersWhereASectionCannotStart() throws Exception {
        int port = freePort();
        JsonObject fails = listeners("a", tcp(LOCAL, port))
                .put("drainDelayMillis", 86_400_000)
                .put("probe", new JsonObject().put("fails", true));
        assertThatThrownBy(() -> Reloading.serve(directory, fails)).hasMessageContaining("cannot start");
        Service.assertFree(LOCAL, port);
    }
}
