package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.CuttingRelay;
import dev.vecho.testkit.ForeignEchoes;
import dev.vecho.testkit.Repeat;
import dev.vecho.testkit.TlsEngines;
import io.netty.util.ResourceLeakDetector;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The check passes against every healthy server: each script, over each transport that can play it, with each engine and
 * version of TLS, against Vecho and against servers and proxies that others wrote, with their bytes as they come and cut
 * into pieces.
 *
 * <p>By default, cells are chosen so that every two of these meet at least once: a script, a server with a transport, a
 * transport with its engine and version of TLS, and the pieces. The system property
 * {@code vecho.matrix=full} plays all of them; {@link Repeat} says how often each;
 * {@code vecho.matrix.only=TEXT} those with the text in their names.
 */
class TruthMatrixTest {

    private static final boolean FULL = "full".equals(System.getProperty("vecho.matrix"));
    private static final int REPEAT = Repeat.TIMES;
    private static final String ONLY = System.getProperty("vecho.matrix.only", "");
    private static final Path SCRIPTS = Path.of("..", "..", "conf", "check");

    private static final Set<String> STREAMS = Set.of("tcp", "tls", "unix", "http", "https", "h3", "quic");
    private static final Set<String> WITH_ENDS = Set.of("grpc", "grpcs");
    private static final Set<String> WITH_TLS = Set.of("tls", "https", "wss", "grpcs", "h3", "quic");
    private static final Set<String> WITH_ENGINE = Set.of("tls", "https", "wss", "grpcs");
    private static final Set<String> OVER_TCP = Set.of("tcp", "tls", "http", "https", "ws", "wss", "grpc", "grpcs");

    @TempDir
    static Path directory;

    private static ResourceLeakDetector.Level level;
    private static Vertx vertx;
    private static ForeignEchoes foreign;
    private static final Map<String, Map<String, String>> servers = new LinkedHashMap<>();
    private static final Map<String, Script> scripts = new LinkedHashMap<>();

    /** One combination: what is played, against whom, and how. */
    private record Cell(String script, String server, String scheme, String engine, String version, String pieces) {

        /** What it is in each dimension. */
        List<String> values() {
            return List.of(
                    script,
                    server + " " + scheme,
                    String.join(" ", scheme, engine, version).strip(),
                    pieces);
        }

        @Override
        public String toString() {
            return String.join(", ", values());
        }
    }

    @BeforeAll
    static void serve() throws Exception {
        // Netty's WebSocket encoder takes seconds to mask a megabyte where each access to a buffer is recorded.
        level = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE);
        vertx = Launch.vertx("auto");
        Issued certificate = new Certificates(directory).localhost();
        for (String engine : TlsEngines.available()) {
            servers.put("vecho " + engine, serve(engine, certificate));
        }
        foreign = new ForeignEchoes(directory, certificate);
        Map<String, String> behind = servers.values().iterator().next();
        int tcp = port(behind, "tcp");
        int http = port(behind, "http");
        foreign.startPython();
        foreign.startNode();
        foreign.startSocat();
        foreign.startGrpcByPython();
        foreign.startGrpcByNode();
        foreign.startNginx(tcp, http);
        foreign.startHaproxy(tcp, http);
        servers.putAll(foreign.targets());

        for (String name : List.of("default", "half-close", "reconnect", "matrix", "watch")) {
            scripts.put(name, read(name));
        }
        scripts.put("standard", Script.standard());
        scripts.put("exact", Script.of(exact(), Source.named("test")));
    }

    @AfterAll
    static void stop() throws Exception {
        foreign.close();
        vertx.close().await(60, TimeUnit.SECONDS);
        ResourceLeakDetector.setLevel(level);
    }

    @TestFactory
    Stream<DynamicTest> passesAgainstEveryHealthyServer() {
        List<Cell> cells = FULL ? cells() : pairs(cells());
        return cells.stream()
                .filter(cell -> cell.toString().contains(ONLY))
                .map(cell -> DynamicTest.dynamicTest(cell.toString(), () -> play(cell)));
    }

    @Test
    void leavesNoPairOut() {
        Set<List<String>> all = new HashSet<>();
        cells().forEach(cell -> all.addAll(pairsOf(cell)));
        Set<List<String>> chosen = new HashSet<>();
        pairs(cells()).forEach(cell -> chosen.addAll(pairsOf(cell)));
        assertThat(chosen).isEqualTo(all).isNotEmpty();
    }

    // ---- the servers

    private static Map<String, String> serve(String engine, Issued certificate) throws Exception {
        JsonObject tls = certificate.options();
        JsonObject overTcp = tls.copy().put("engine", engine);
        Path path = directory.resolve("vecho-" + engine + ".sock");
        JsonObject listeners = new JsonObject()
                .put("tcp", Listeners.any())
                .put("tls", Listeners.any().put("tls", overTcp))
                .put("unix", new JsonObject().put("transport", "unix").put("path", path.toString()))
                .put("udp", Listeners.any().put("transport", "udp"))
                .put("stamp", Listeners.any().put("transport", "stamp"))
                .put("http", Listeners.any().put("transport", "http"))
                .put("https", Listeners.any().put("transport", "http").put("tls", overTcp))
                .put("quic", Listeners.any().put("transport", "quic").put("tls", tls))
                .put("bus", new JsonObject().put("transport", "eventbus").put("address", "truth." + engine));
        Map<String, String> targets = new LinkedHashMap<>();
        Listeners.serve(vertx, listeners)
                .addresses()
                .forEach(address -> targets.put(address.substring(0, address.indexOf(':')), address));
        targets.put("ws", "ws://127.0.0.1:" + port(targets, "http"));
        targets.put("wss", "wss://127.0.0.1:" + port(targets, "https"));
        targets.put("grpc", "grpc://127.0.0.1:" + port(targets, "http"));
        targets.put("grpcs", "grpcs://127.0.0.1:" + port(targets, "https"));
        return targets;
    }

    private static int port(Map<String, String> targets, String scheme) {
        String target = targets.getOrDefault(scheme, "");
        return Integer.parseInt(target.substring(target.lastIndexOf(':') + 1));
    }

    // ---- the scripts

    private static Script read(String name) throws IOException {
        Path file = SCRIPTS.resolve(name + ".json");
        Map<String, String> variables = name.equals("watch")
                ? Map.of("durationMillis", "100", "intervalMillis", "10", "p99Millis", "60000")
                : Map.of();
        return Script.parse(
                Buffer.buffer(Files.readAllBytes(file)),
                new Source(file.toString(), SCRIPTS, false),
                variables,
                Source.named("test"));
    }

    /** An exact answer, which an echo gives too, before an echo. */
    private static JsonObject exact() {
        JsonObject login = new JsonObject().put("text", "LOGIN\n");
        return new JsonObject()
                .put(
                        "steps",
                        new JsonArray()
                                .add(new JsonObject().put("send", login))
                                .add(new JsonObject().put("expect", login))
                                .add(new JsonObject().put("send", new JsonObject().put("random", 100_000)))
                                .add(new JsonObject().put("expect", "echo"))
                                .add(new JsonObject().put("close", "output"))
                                .add(new JsonObject().put("expect", "end")));
    }

    /** Whether a transport can play a script. */
    private static boolean canPlay(String script, String scheme) {
        return switch (script) {
            case "standard", "watch" -> true;
            case "matrix" ->
                !scheme.equals("udp") && !scheme.equals("stamp"); // It has sizes that no datagram can have.
            default -> STREAMS.contains(scheme) || WITH_ENDS.contains(scheme);
        };
    }

    /** Whether something comes back before the end of the request: else only scripts that await nothing before pass. */
    private static boolean answersEarly(String server, String scheme) {
        return !(server.equals("python") && scheme.startsWith("http"));
    }

    // ---- the cells

    private static List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (String script : scripts.keySet()) {
            servers.forEach((server, targets) -> targets.keySet().stream()
                    .filter(scheme -> canPlay(script, scheme))
                    .filter(scheme -> answersEarly(server, scheme) || script.equals("half-close"))
                    .forEach(scheme -> cells.addAll(cells(script, server, scheme))));
        }
        return cells;
    }

    private static List<Cell> cells(String script, String server, String scheme) {
        List<String> engines = WITH_ENGINE.contains(scheme) ? TlsEngines.available() : List.of("");
        List<String> versions = WITH_ENGINE.contains(scheme)
                ? List.of("TLSv1.2", "TLSv1.3")
                : List.of(WITH_TLS.contains(scheme) ? "TLSv1.3" : "");
        List<String> pieces = OVER_TCP.contains(scheme) ? List.of("whole", "cut") : List.of("whole");
        List<Cell> cells = new ArrayList<>();
        for (String engine : engines) {
            for (String version : versions) {
                for (String piece : pieces) {
                    cells.add(new Cell(script, server, scheme, engine, version, piece));
                }
            }
        }
        return cells;
    }

    /** Cells in which every two values that meet in any cell meet. */
    private static List<Cell> pairs(List<Cell> cells) {
        Set<List<String>> met = new HashSet<>();
        return cells.stream().filter(cell -> met.addAll(pairsOf(cell))).toList();
    }

    private static Set<List<String>> pairsOf(Cell cell) {
        List<String> values = cell.values();
        Set<List<String>> pairs = new HashSet<>();
        for (int i = 0; i < values.size(); i++) {
            for (int k = i + 1; k < values.size(); k++) {
                pairs.add(List.of(i + values.get(i), k + values.get(k)));
            }
        }
        return pairs;
    }

    private static void play(Cell cell) throws Exception {
        String target = servers.getOrDefault(cell.server(), Map.of()).getOrDefault(cell.scheme(), "");
        Script script = scripts.getOrDefault(cell.script(), Script.standard());
        JsonObject tls = new JsonObject();
        if (WITH_TLS.contains(cell.scheme())) {
            tls.put("insecure", true).put("protocols", cell.version());
        }
        if (!cell.engine().isEmpty()) {
            tls.put("engine", cell.engine());
        }
        script = script.withTls(tls, Source.named("test"));
        if (cell.pieces().equals("cut")) {
            try (CuttingRelay relay = CuttingRelay.to(target)) {
                assertPassed(script, relay.target(target));
            }
        } else {
            assertPassed(script, target);
        }
    }

    private static void assertPassed(Script script, String target) throws Exception {
        Script aimed = script.withTargets(List.of(target), Source.named("test"));
        for (int i = 0; i < REPEAT; i++) {
            RunReport report = Run.open(vertx, aimed)
                    .await(60, TimeUnit.SECONDS)
                    .play(RunListener.NONE)
                    .await(120, TimeUnit.SECONDS);
            List<String> failures = report.cases().stream()
                    .filter(played -> !played.passed())
                    .map(played -> played.played().name() + ": " + played.diagnosis() + " " + played.rounds())
                    .toList();
            assertThat(failures).as("%s, time %d of %d", target, i + 1, REPEAT).isEmpty();
        }
    }
}
