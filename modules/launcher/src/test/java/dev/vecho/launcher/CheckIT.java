package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.atIndex;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vecho check} as a process: against our own server, those of others, and where there is none. */
class CheckIT {

    @TempDir
    static Path directory;

    private static Vecho server;

    @BeforeAll
    static void serve() throws Exception {
        server = Vecho.serve(
                "-c",
                write(
                        "server.json",
                        "{\"listeners\":{\"web\":{\"transport\":\"http\",\"port\":0,\"subprotocols\":\"echo\"},\"tcp\":{\"port\":0},\"tls\":{\"port\":0,\"tls\":{\"selfSigned\":true}}}}"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void saysThatEveryByteCameBack() throws Exception {
        Result result = Vecho.run("check", server.address("tcp"), "-n", "3", "-i", "10ms");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines())
                .hasSizeGreaterThanOrEqualTo(6)
                .satisfies(
                        line -> assertThat(line).matches("tcp://127.0.0.1:\\d+ round=2 bytes=42 time=[\\d.]+ ms"),
                        atIndex(1))
                .contains("3 rounds, 3 passed, 0 failed; 126 bytes sent, 126 bytes received");
    }

    @Test
    void checksSeveralTargetsAndWritesJson() throws Exception {
        Result result = Vecho.run(
                "check", server.address("tcp"), server.address("tls"), "--insecure", "--size", "3000000", "-o", "json");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        JsonObject document = new JsonObject(result.out());
        assertThat(document.getInteger("version")).isEqualTo(2);
        assertThat(document.getString("verdict")).isEqualTo("passed");
        assertThat(document.getJsonArray("cases")).hasSize(2);
        JsonObject tls = document.getJsonArray("cases")
                .getJsonObject(1)
                .getJsonArray("rounds")
                .getJsonObject(0);
        assertThat(tls.getLong("bytesReceived")).isEqualTo(3_000_000);
        assertThat(tls.getJsonObject("details").getString("protocol")).isEqualTo("TLSv1.3");
        assertThat(tls.getJsonObject("phases").getDouble("tlsMillis")).isPositive();
    }

    @Test
    void setsOptionsOfConnectionsAndTellsNoSecret() throws Exception {
        String[] arguments = {
            "-v",
            "check",
            server.address("web"),
            server.address("web").replace("http:", "ws:"),
            "--option",
            "http.method=PUT",
            "--option",
            "ws.compression=true",
            "--option",
            "ws.subprotocols=none,echo",
            "--option",
            "ws.headers.X.Y=s3cret=2",
            "-H",
            "Authorization: Bearer s3cret",
            "-H",
            "X-List:s3cret",
            "-H",
            "X-List:s3cret",
            "-o",
            "json"
        };
        Result result = Vecho.run(arguments);
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.out() + result.err())
                .contains("\"subprotocol\" : \"echo\"")
                .doesNotContain("s3cret");

        Result longest = Vecho.run(
                "check",
                server.address("web").replace("http:", "ws:"),
                "--option",
                "ws.compression=true",
                "--size",
                "16777216",
                // It is compressed at one go, four times.
                "--timeout",
                "60s");
        assertThat(longest.exitCode()).as(longest.out() + longest.err()).isZero();

        Result wrong = Vecho.run(
                "check",
                "--option",
                "ws.compresion=s3cret",
                "--option",
                "http.headers.Te=s3cret",
                "-H",
                "Upgrade: s3cret");
        assertThat(wrong.exitCode()).isEqualTo(2);
        assertThat(wrong.out()).isEmpty();
        assertThat(wrong.err())
                .contains("command line: options.ws.compresion: is not a known key, did you mean \"compression\"?")
                .contains("command line: options.http.headers.Te: cannot be given")
                .contains("command line: options.ws.headers.Upgrade: cannot be given")
                .doesNotContain("s3cret");
        for (String[] flags : new String[][] {
            {"--option", "http.s3cret"},
            {"--option", "s3cret=1"},
            {"--header", "Authorization s3cret"},
            {"--option", "http.headers=s3cret", "-H", "Authorization: s3cret"}
        }) {
            String[] all = new String[flags.length + 1];
            all[0] = "check";
            System.arraycopy(flags, 0, all, 1, flags.length);
            Result usage = Vecho.run(all);
            assertThat(usage.exitCode()).as(usage.err()).isEqualTo(2);
            assertThat(usage.err()).startsWith("--").doesNotContain("s3cret");
        }
    }

    @Test
    void playsTheCasesOfAScriptAsItsFlagsSay() throws Exception {
        String script = write(
                "cases.json",
                "{\"targets\":[\"${target}\"],\"matrix\":{\"sizes\":[1,\"${size}\"]},\"repeat\":50,"
                        + "\"variables\":{\"size\":5},\"budget\":{\"maxMillis\":60000}}");
        Result result = Vecho.run(
                "check",
                "-s",
                script,
                "--set",
                "target=" + server.address("tcp"),
                "--set",
                "size=70000",
                "-n",
                "2",
                "-i",
                "1ms",
                "--concurrency",
                "1",
                "--seed",
                "5",
                "-o",
                "json");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        JsonObject document = new JsonObject(result.out());
        assertThat(document.getJsonArray("cases")).hasSize(2);
        JsonObject large = document.getJsonArray("cases").getJsonObject(1);
        assertThat(large.getString("name")).isEqualTo(server.address("tcp") + " size=70000");
        assertThat(large.getJsonObject("summary").getInteger("passed")).isEqualTo(2);
        assertThat(large.getJsonObject("summary").getLong("bytesReceived")).isEqualTo(140_000);
        assertThat(document.getJsonArray("cases")
                        .getJsonObject(0)
                        .getJsonArray("rounds")
                        .getJsonObject(0)
                        .getLong("seed"))
                .isEqualTo(5);
    }

    /** The server answers nobody before as many are there. */
    @Test
    void playsACaseOnManyConnectionsAtTheSameTime() throws Exception {
        int parallel = 20;
        try (GateServer gate = new GateServer(parallel, 1000)) {
            Result result = Vecho.run(
                    "check",
                    gate.target(),
                    "--parallel",
                    Integer.toString(parallel),
                    "--size",
                    "1000",
                    "-t",
                    "60s",
                    "-o",
                    "json");
            assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
            JsonObject document = new JsonObject(result.out());
            assertThat(document.getJsonArray("cases")).hasSize(1);
            JsonObject played = document.getJsonArray("cases").getJsonObject(0);
            assertThat(played.getJsonObject("summary").getInteger("passed")).isEqualTo(parallel);
            assertThat(gate.received()).hasSize(parallel).doesNotHaveDuplicates();
        }
    }

    /** Those that answer only when all have asked, the last one first, and between them one where nobody is. */
    @Test
    void playsCasesAtTheSameTimeAndReportsThemInTheirOrder() throws Exception {
        try (GateServer gate = new GateServer(3, 42)) {
            String nobody = "tcp://127.0.0.1:" + Ports.free();
            String target = gate.target();
            Result result =
                    Vecho.run("check", target, nobody, target, target, "--concurrency", "4", "-t", "60s", "-o", "json");
            assertThat(result.exitCode()).as(result.out() + result.err()).isEqualTo(1);
            JsonArray cases = new JsonObject(result.out()).getJsonArray("cases");
            assertThat(IntStream.range(0, cases.size()).mapToObj(cases::getJsonObject))
                    .extracting(each -> each.getString("name") + " " + each.getString("verdict"))
                    .containsExactly(
                            target + " passed", nobody + " failed", target + " #2 passed", target + " #3 passed");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--parallel, 0, --parallel: must be 1..10000",
        "--parallel, 10001, --parallel: must be 1..10000",
        "--concurrency, 10001, --concurrency: must be 1..10000",
        "--parallel, 5001, command line: parallel: must be at most 5000 where there are up to 2 cases"
    })
    void refusesMoreAtOnceThanThereMayBe(String flag, String number, String problem) throws Exception {
        Result result = Vecho.run("check", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", flag, number);
        assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith(problem + ", was " + number);
    }

    @Test
    void playsAsManyRoundsAsThereIsTimeFor() throws Exception {
        Result result = Vecho.run("check", server.address("tcp"), "-d", "2s", "-i", "100ms");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.out()).contains("round=2 ").containsPattern("\\d+ rounds, \\d+ passed, 0 failed");
    }

    @Test
    void failsWithTheWordBudgetAndTheFigures() throws Exception {
        String script = write("budget.json", "{\"budget\":{\"p50Millis\":0}}");
        Result result = Vecho.run("check", server.address("tcp"), "-s", script, "-n", "20", "-i", "0");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out())
                .contains("20 rounds, 20 passed, 0 failed")
                .containsPattern("FAILED budget: p50Millis is [0-9.]+, allowed is 0\n");
    }

    @Test
    void doesNotTrustASelfSignedCertificateByItself() throws Exception {
        Result result = Vecho.run("check", server.address("tls").replace("127.0.0.1", "localhost"));
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).contains("FAILED tls: self-signed: ");
    }

    @Test
    void diagnosesWhereNobodyListens() throws Exception {
        int port = Ports.free();
        Result result = Vecho.run("check", "tcp://127.0.0.1:" + port, "tcp://nowhere.invalid:7007");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out())
                .contains("FAILED refused: nobody listens on 127.0.0.1:" + port)
                .contains("FAILED dns: the name nowhere.invalid does not resolve");
    }

    @Test
    void endsOnCtrlCWithASummary() throws Exception {
        try (Vecho check = Vecho.start("check", server.address("tcp"), "-n", "0", "-i", "10ms")) {
            check.awaitLine(server.address("tcp") + " round=5 ");
            check.interrupt();
            Result result = check.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.out()).contains("--- " + server.address("tcp") + " ---", ", 0 failed;");
        }
    }

    @Test
    void failsWhenItIsInterruptedBeforeItFoundOutAnything() throws Exception {
        try (ServerSocket silent = new ServerSocket(0);
                Vecho check = Vecho.start("check", "tcp://127.0.0.1:" + silent.getLocalPort(), "-t", "1h")) {
            silent.setSoTimeout(60_000);
            silent.accept();
            check.interrupt();
            Result result = check.await();
            assertThat(result.exitCode()).as(result.out() + result.err()).isEqualTo(1);
            assertThat(result.out()).contains("0 rounds, 0 passed, 0 failed");
            assertThat(result.err()).isEmpty();
        }
    }

    @Test
    void diagnosesAResetAfterTheEcho() throws Exception {
        try (ServerSocket server = new ServerSocket(0);
                Vecho check = Vecho.start("check", "tcp://127.0.0.1:" + server.getLocalPort())) {
            server.setSoTimeout(60_000);
            try (Socket peer = server.accept()) {
                peer.getOutputStream().write(peer.getInputStream().readNBytes(42));
                peer.setSoLinger(true, 0);
            }
            Result result = check.await();
            assertThat(result.exitCode()).as(result.out() + result.err()).isEqualTo(1);
            assertThat(result.out()).contains("FAILED reset: after: connection reset");
        }
    }

    @Test
    void namesWhatIsWrongWithAScriptOrATarget() throws Exception {
        String script = write(
                "bad-script.json",
                "{\"steps\":[{\"send\":{\"text\":\"x\"}},{\"expect\":\"echo\"},{\"send\":{\"hex\":\"abc\"}},{\"wait\":1}]}");
        Result result = Vecho.run("check", "-s", script);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains(script + ": steps[2].send.hex: odd number of digits", "steps[3]");
        String variable = write("variable.json", "{\"targets\":[\"tcp://${host}:1\"]}");
        assertThat(Vecho.run("check", "-s", variable, "--set", "hots=a").err())
                .contains(
                        variable + ": targets[0]: the variable \"host\" has no value, did you mean \"hots\"?",
                        "command line: variable hots: the script has none of this name, did you mean \"host\"?");
        assertThat(Vecho.run("check", "tcp://localhost:99999").err()).contains("port");
        assertThat(Vecho.run("check", "localhost").err())
                .contains("scheme: is missing, write for example tcp://localhost");
        assertThat(Vecho.run("check", "pigeon://localhost:1").err()).contains("tcp", "tls");
        Result usage = Vecho.run("check", "--interval", "soon");
        assertThat(usage.exitCode()).isEqualTo(2);
        assertThat(usage.err()).contains("500ms");
    }

    @Test
    void checksTheTutorialsServer() throws Exception {
        ForeignProgram python = ForeignProgram.find("python3", "apt-get install python3");
        Process tutorial = python.start(resource("tutorial_server.py").toString());
        try (var lines = tutorial.inputReader()) {
            String target = "tcp://127.0.0.1:" + lines.readLine();
            Result result = Vecho.run("check", target, "-n", "2", "-i", "10ms");
            assertThat(result.exitCode()).as(result.out()).isZero();
            Result large = Vecho.run("check", target, "--size", "5000000");
            assertThat(large.exitCode()).as(large.out()).isZero();
        } finally {
            tutorial.destroy();
        }
    }

    @Test
    void tellsTheTruthAboutNcat() throws Exception {
        ForeignProgram ncat = ForeignProgram.find("ncat", "apt-get install ncat");
        int port = Ports.free();
        Process echo = ncat.start("-l", "-k", "127.0.0.1", Integer.toString(port), "-e", "/bin/cat");
        try {
            String target = "tcp://127.0.0.1:" + port;
            awaitListening(port);
            // Of much at once ncat and cat keep some, each waiting for the other; closing the output early may cost
            // more.
            for (int size : new int[] {42, 20_000_000}) {
                for (String steps : new String[] {
                    "{\"expect\":\"echo\"},{\"close\":\"output\"},{\"expect\":\"end\"}",
                    "{\"close\":\"output\"},{\"expect\":\"echo\"},{\"expect\":\"end\"}"
                }) {
                    String script = write(
                            "ncat.json",
                            "{\"timeoutMillis\":3000,\"steps\":[{\"send\":{\"random\":" + size + "}}," + steps + "]}");
                    boolean must = size == 42 && steps.startsWith("{\"expect\":\"echo\"}");
                    assertTruth(Vecho.run("check", target, "-s", script, "-o", "json"), size, must);
                }
            }
        } finally {
            echo.destroy();
        }
    }

    private static void assertTruth(Result result, int size, boolean must) {
        JsonObject round = new JsonObject(result.out())
                .getJsonArray("cases")
                .getJsonObject(0)
                .getJsonArray("rounds")
                .getJsonObject(0);
        boolean cameBack = round.getLong("bytesReceived") == size;
        assertThat(round.getString("verdict")).as(result.out()).isEqualTo(cameBack ? "passed" : "failed");
        assertThat(result.exitCode()).isEqualTo(cameBack ? 0 : 1);
        assertThat(cameBack || !must)
                .as("a little, and time to answer, is no problem for ncat")
                .isTrue();
    }

    private static void awaitListening(int port) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (System.nanoTime() < end) {
            try {
                new Socket("127.0.0.1", port).close();
                return;
            } catch (ConnectException e) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        throw new AssertionError("ncat does not listen");
    }

    static Path resource(String name) throws Exception {
        return Path.of(CheckIT.class.getResource("/" + name).toURI());
    }

    private static String write(String name, String content) throws Exception {
        return Files.writeString(directory.resolve(name), content).toString();
    }
}
