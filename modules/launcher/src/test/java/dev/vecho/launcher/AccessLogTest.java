package dev.vecho.launcher;

import static dev.vecho.launcher.Waits.await;
import static dev.vecho.launcher.Waits.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.TransportException;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.net.io.Io;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.TlsEngines;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written of connections that have ended, and what happens to lines that nobody takes. */
@Timeout(180)
class AccessLogTest {

    @TempDir
    Path directory;

    private final Vertx clients = Launch.vertx(Io.AUTO);

    /** What serves. */
    private Vertx vertx = clients;

    @SuppressWarnings("NullAway.Init") // Each test serves first.
    private EchoServerVerticle service;

    @AfterEach
    void stop() throws Exception {
        await(clients.close());
        await(vertx.close());
    }

    private Path file() {
        return directory.resolve("access.log");
    }

    private void serve(String io, JsonObject listener) throws Exception {
        vertx = Launch.vertx(io);
        service = new EchoServerVerticle();
        JsonObject configuration = new JsonObject()
                .put("accessLog", new JsonObject().put("file", file().toString()))
                .put("drainMillis", 0)
                .put("listeners", new JsonObject().put("a", listener));
        await(vertx.deployVerticle(service, new DeploymentOptions().setConfig(configuration)));
    }

    private String address(String scheme) {
        return service.listeners().get(0).addresses().stream()
                .filter(address -> address.startsWith(scheme + ":"))
                .findFirst()
                .orElseThrow();
    }

    private List<JsonObject> lines() {
        try {
            return Files.readAllLines(file()).stream().map(JsonObject::new).toList();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** The only one. */
    private JsonObject line() throws Exception {
        eventually("a line", () -> !lines().isEmpty());
        assertThat(lines()).hasSize(1);
        return lines().get(0);
    }

    private static JsonObject any(String transport) {
        return new JsonObject()
                .put("transport", transport)
                .put("host", "127.0.0.1")
                .put("port", 0);
    }

    static Stream<List<String>> everything() {
        List<List<String>> all = new ArrayList<>();
        for (String io : Io.available()) {
            all.add(List.of(io, "tcp", "tcp", ""));
            all.add(List.of(io, "http", "http", ""));
            for (String engine : TlsEngines.available()) {
                all.add(List.of(io, "tcp", "tls", engine));
            }
        }
        all.add(List.of(Io.AUTO, "unix", "unix", ""));
        all.add(List.of(Io.AUTO, "websocket", "ws", ""));
        all.add(List.of(Io.AUTO, "http", "https", "auto"));
        all.add(List.of(Io.AUTO, "http", "h3", "auto"));
        all.add(List.of(Io.AUTO, "quic", "quic", "auto"));
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("everything")
    void tellsOfEachConnection(List<String> row) throws Exception {
        String transport = row.get(1);
        String scheme = row.get(2);
        String engine = row.get(3);
        JsonObject options = transport.equals("unix")
                ? new JsonObject()
                        .put("transport", "unix")
                        .put("path", directory.resolve("echo.sock").toString())
                : any(transport);
        JsonObject client = new JsonObject();
        if (!engine.isEmpty()) {
            Certificates certificates = new Certificates(directory);
            JsonObject tls = certificates.localhost().options();
            options.put("tls", scheme.equals("tls") ? tls.put("engine", engine) : tls);
            client.put(
                    "tls",
                    new JsonObject()
                            .put("trust", certificates.authority().toString())
                            .put("serverName", "localhost"));
        }
        serve(row.get(0), options);
        Instant before = Instant.now();
        Echoing echoing = await(Echoing.open(clients, address(scheme), client, 0));
        eventually("some echoes", () -> echoing.received() > 20_000 || echoing.fault() != null);
        await(echoing.stop());
        assertThat(echoing.fault()).isNull();
        JsonObject line = line();
        assertThat(line.getString("listener")).isEqualTo("a");
        assertThat(line.getString("transport")).isEqualTo(transport);
        assertThat(Instant.parse(line.getString("start"))).isBetween(before.minusMillis(100), Instant.now());
        assertThat(line.getLong("durationMillis")).isNotNegative();
        boolean packets = List.of("quic", "h3").contains(scheme);
        if (packets) {
            assertThat(line.getLong("received")).isGreaterThanOrEqualTo(echoing.received());
            assertThat(line.getLong("sent")).isGreaterThanOrEqualTo(echoing.received());
        } else {
            assertThat(line.getLong("received")).isEqualTo(echoing.received());
            assertThat(line.getLong("sent")).isEqualTo(echoing.received());
        }
        if (!transport.equals("unix")) {
            assertThat(line.getString("peer")).matches("127\\.0\\.0\\.1:[0-9]+");
            assertThat(line.getString("local")).isEqualTo(address(scheme).replaceFirst("^[a-z0-9]+://", ""));
        }
        if (engine.isEmpty()) {
            assertThat(line.containsKey("tls")).isFalse();
        } else {
            assertThat(line.getJsonObject("tls").getString("version")).isEqualTo("TLSv1.3");
            assertThat(line.getJsonObject("tls").getString("cipherSuite")).startsWith("TLS_");
        }
        assertThat(line.containsKey("client")).isFalse();
        // The client ends in the middle of a request that has no length.
        assertThat(line.getString("end"))
                .isEqualTo(List.of("http", "https").contains(scheme) ? "unfinished" : "complete");
    }

    @Test
    void tellsWhomAProxyHeaderNamesAndHowItBroke() throws Exception {
        serve(Io.AUTO, any("tcp").put("proxyProtocol", true));
        String address = address("tcp");
        int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream().write("PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\nhello".getBytes(US_ASCII));
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            socket.setSoLinger(true, 0);
        }
        JsonObject line = line();
        assertThat(line.getString("client")).isEqualTo("192.0.2.7:56324");
        assertThat(line.getLong("received")).isEqualTo(5);
        assertThat(line.getLong("sent")).isEqualTo(5);
        assertThat(line.getString("end")).isEqualTo("reset");
    }

    @Test
    void writesWhatEndsWithTheService() throws Exception {
        serve(Io.AUTO, any("tcp"));
        Echoing open = await(Echoing.open(clients, address("tcp"), new JsonObject(), 0));
        eventually("an echo", () -> open.received() > 0);
        await(vertx.undeploy(service.deploymentID()));
        assertThat(line().getLong("received")).isPositive();
    }

    /** A connection that is made up. */
    private record Fake() implements OpenConnection {

        @Override
        public Facts facts() {
            return new Facts(
                    "127.0.0.1:50000",
                    "127.0.0.1:7007",
                    null,
                    Stage.CLOSING,
                    Duration.ofSeconds(1),
                    null,
                    null,
                    1,
                    1,
                    0);
        }

        @Override
        public void close() {}
    }

    /** As where a reader of stdout stands still. */
    @Test
    void dropsAndCountsWhatNobodyTakes() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (RandomAccessFile reader = new RandomAccessFile(pipe.toFile(), "rw")) {
            AccessLog log = AccessLog.open(new AccessLogOptions(pipe, AccessLogRotation.SIZE, 1 << 30, 1, 16));
            int told = 0;
            while (log.dropped() == 0) {
                log.ended("a", "tcp", new Fake(), FailureReason.RESET);
                told++;
                assertThat(told).as("lines that wait").isLessThan(1_000_000);
            }
            long dropped = log.dropped();
            for (long left = told - dropped; left > 0; left--) {
                assertThat(new JsonObject(reader.readLine()).getString("end")).isEqualTo("reset");
            }
            log.close();
            assertThat(log.dropped()).isEqualTo(dropped);
        }
    }

    @Test
    void keepsABoundedNumberOfFiles() throws Exception {
        AccessLog log = AccessLog.open(new AccessLogOptions(file(), AccessLogRotation.SIZE, 1024, 2, 1000));
        eventually("two files were renamed", () -> {
            log.ended("a", "tcp", new Fake(), null);
            return Files.exists(directory.resolve("access.log.2"));
        });
        for (int i = 0; i < 2_000; i++) {
            log.ended("a", "tcp", new Fake(), null);
        }
        log.close();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("access.log", "access.log.1", "access.log.2");
        }
        for (String name : List.of("access.log", "access.log.1", "access.log.2")) {
            assertThat(Files.readAllLines(directory.resolve(name)))
                    .allSatisfy(line ->
                            assertThat(new JsonObject(line).getString("end")).isEqualTo("complete"));
        }
    }

    /** A clock that a test sets. */
    private static final class Time implements InstantSource {

        private volatile Instant now;

        Time(String now) {
            this.now = Instant.parse(now);
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    private List<String> files() throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private AccessLog open(AccessLogRotation rotation, long maxFileBytes, int maxFiles, Time time) throws Exception {
        if (!Files.exists(file())) {
            // As if it had been made by that clock.
            Files.createFile(file());
            Files.setLastModifiedTime(file(), FileTime.from(time.now));
        }
        return AccessLog.open(new AccessLogOptions(file(), rotation, maxFileBytes, maxFiles, 1000), time);
    }

    private static void tell(AccessLog log) throws Exception {
        long before = log.lines().written();
        log.ended("a", "tcp", new Fake(), null);
        eventually("it is written", () -> log.lines().written() > before);
    }

    @ParameterizedTest
    @CsvSource({
        "DAY, 2026-03-01T23:59:59Z, 2026-03-02T00:00:00Z, access.log.2026-03-01.0",
        "HOUR, 2026-03-01T22:59:59Z, 2026-03-01T23:00:00Z, access.log.2026-03-01_22.0"
    })
    void goesOnInAnotherFileWithEachPeriod(AccessLogRotation rotation, String before, String after, String renamed)
            throws Exception {
        Time time = new Time(before);
        AccessLog log = open(rotation, 1 << 20, 5, time);
        tell(log);
        tell(log);
        assertThat(files()).containsExactly("access.log");
        time.now = Instant.parse(after);
        tell(log);
        log.close();
        assertThat(files()).containsExactly("access.log", renamed);
        assertThat(Files.readAllLines(directory.resolve(renamed))).hasSize(2);
        assertThat(lines()).hasSize(1);
    }

    /** One whose process was away when the day ended. */
    @Test
    void renamesWhatAnEarlierProcessHasLeftByItsOwnDay() throws Exception {
        Files.writeString(file(), "{}\n");
        Files.setLastModifiedTime(file(), FileTime.from(Instant.parse("2026-03-01T12:00:00Z")));
        AccessLog log = open(AccessLogRotation.DAY, 1 << 20, 5, new Time("2026-03-03T12:00:00Z"));
        tell(log);
        log.close();
        assertThat(files()).containsExactly("access.log", "access.log.2026-03-01.0");
        assertThat(lines()).hasSize(1);
    }

    @Test
    void keepsNoMoreThanSoManyDaysAndBytes() throws Exception {
        Time time = new Time("2026-03-01T12:00:00Z");
        AccessLog log = open(AccessLogRotation.DAY, 4096, 3, time);
        for (int day = 1; day <= 9; day++) {
            tell(log);
            time.now = time.now.plus(Duration.ofDays(1));
        }
        tell(log);
        // The oldest are removed on a thread of logback's.
        eventually("three days are left", () -> {
            try {
                return files().size() == 4;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        assertThat(files())
                .containsExactly(
                        "access.log", "access.log.2026-03-07.0", "access.log.2026-03-08.0", "access.log.2026-03-09.0");
        for (int i = 0; i < 300; i++) {
            tell(log);
            time.now = time.now.plusMillis(200);
        }
        time.now = time.now.plus(Duration.ofDays(1));
        tell(log);
        log.close();
        long kept = 0;
        for (String name : files()) {
            kept += Files.size(directory.resolve(name));
        }
        assertThat(kept).isLessThan(5 * 4096);
        assertThat(files())
                .as("of one day")
                .filteredOn(name -> name.contains("2026-03-10."))
                .hasSizeGreaterThan(1);
    }

    @Test
    void rejectsAFileThatCannotBe() throws Exception {
        for (Map.Entry<String, String> wrong : Map.of(
                        "nowhere/access.log", "must be in a directory that exists",
                        "a%d.log", "must not have any of % ( ) { } in its name",
                        ".", "is a directory")
                .entrySet()) {
            JsonObject configuration = new JsonObject()
                    .put("accessLog", new JsonObject().put("file", wrong.getKey()))
                    .put("listeners", new JsonObject().put("a", any("tcp")));
            assertThatThrownBy(() -> await(vertx.deployVerticle(
                            new EchoServerVerticle(), new DeploymentOptions().setConfig(configuration))))
                    .hasCauseInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("accessLog.file")
                    .hasMessageContaining(wrong.getValue());
        }
        Path full = directory.resolve("full");
        Files.createDirectory(full);
        assertThatThrownBy(() -> AccessLog.open(new AccessLogOptions(full, AccessLogRotation.SIZE, 1024, 1, 16)))
                .isInstanceOf(TransportException.class)
                .hasMessageContaining("accessLog.file: " + full + ": cannot be written");
    }
}
