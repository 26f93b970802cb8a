package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Check;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Lab;
import dev.vecho.testkit.LabFault;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A verdict does not depend on the packets in which a server's bytes come: on real connections each answer is sent in one
 * piece, cut at each place, and byte by byte.
 */
@Timeout(120)
final class SegmentsTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final String USER = "{'send': {'text': 'USER'}}, {'expect': {'text': 'S'}}, ";
    private static final String LOGIN = "{'send': {'text': 'LOGIN\\n'}}, {'expect': {'text': 'OK\\n'}}, ";
    private static final String HELLO = "{'send': {'text': 'hello'}}, {'expect': 'echo'}";
    private static final String END = ", {'close': 'output'}, {'expect': 'end'}";

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static Certificates certificates;
    private static SSLContext context;

    @BeforeAll
    static void open() {
        vertx = Vertx.builder().withTransport(Io.transport(Io.AUTO)).build();
        certificates = new Certificates(directory);
        context = certificates.serverContext(certificates.localhost());
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * Answers once so many bytes have come.
     *
     * @param cut where the answers are cut; 0 for nowhere, less for everywhere
     * @param lines after how many bytes, and what
     */
    private record Dialogue(int cut, List<Line> lines) implements LabFault {

        private record Line(int after, String answer) {}

        @Override
        public Session session(int number) {
            return new Session() {
                private int came;

                @Override
                public void received(Peer peer, byte[] bytes) throws IOException {
                    for (Line line : lines) {
                        if (line.after() > came && line.after() <= came + bytes.length) {
                            answer(peer, line.answer().getBytes(StandardCharsets.US_ASCII));
                        }
                    }
                    came += bytes.length;
                }
            };
        }

        private void answer(Peer peer, byte[] answer) throws IOException {
            int from = 0;
            for (int to = 1; to <= answer.length; to++) {
                if (to == answer.length || cut < 0 || to == cut) {
                    peer.send(Arrays.copyOfRange(answer, from, to));
                    from = to;
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp", "tls", "http", "unix"})
    void judgesTheSameInWhateverPackets(String transport) throws Exception {
        Dialogue polite = dialogue("6 OK\n", "11 hello");
        assertAll(transport, LOGIN + HELLO + END, polite, "passed");
        assertAll(transport, LOGIN + HELLO + ", " + HELLO + END, dialogue("6 OK\n", "11 hellohello"), "passed");
        assertAll(transport, USER + HELLO, dialogue("4 S", "9 hello, you"), "passed");
        assertAll(transport, USER + "{'pauseMillis': 1}", dialogue("4 S"), "passed");
        assertAll(transport, USER.substring(0, USER.length() - 2), dialogue("4 Sorry"), "passed");
        assertAll(transport, USER.substring(0, USER.length() - 2) + END, dialogue("4 Sorry"), "unexpected 3 1");
        assertAll(transport, LOGIN + HELLO + END, dialogue("6 NO\n"), "corrupted 1 0");
        assertAll(transport, LOGIN + HELLO + END, dialogue("6 OK\n", "11 he!lo"), "corrupted 3 5");
        assertAll(transport, HELLO + END, dialogue("5 hello, you"), "injected 3 5");
        String line =
                "{'send': {'text': 'EHLO\\n'}}, {'expect': {'pattern': '(250-[^\\\\n]*\\\\n)*250 [^\\\\n]*\\\\n'}}, ";
        assertAll(transport, line + HELLO + END, dialogue("5 250-a\n250 b\n", "10 hello"), "passed");
        assertAll(transport, line + HELLO + END, dialogue("5 250-a\n250 b\n250 c\n"), "corrupted 3 12");
        assertAll(transport, line + HELLO + END, dialogue("5 250-a\n25O b\n"), "unexpected: pattern 1 8");
    }

    /** What comes in plain text behind the word to begin TLS is none of TLS. */
    @ParameterizedTest
    @CsvSource({"openssl", "jdk"})
    void findsPlainTextWhereTlsIsToBegin(String engine) throws Exception {
        String steps = "{'send': {'text': 'STARTTLS\\n'}}, {'expect': {'text': 'GO\\n'}}, {'startTls': true}";
        JsonObject tls = new JsonObject().put("insecure", true).put("engine", engine);
        for (int cut = -1; cut <= 12; cut++) {
            try (Lab lab = Lab.tcp(new Dialogue(cut, List.of(new Dialogue.Line(9, "GO\nand this"))))) {
                assertThat(play(lab, steps, tls)).as("cut at %d", cut).isEqualTo("tls: plain-text 2");
                for (String expected : List.of("'text': 'and this'", "'pattern': 'and .{4}'")) {
                    assertThat(play(lab, steps + ", {'expect': {" + expected + "}}", tls))
                            .as("%s, cut at %d", expected, cut)
                            .isEqualTo("tls: plain-text 2");
                }
            }
        }
    }

    private static void assertAll(String transport, String steps, Dialogue dialogue, String verdict) throws Exception {
        int longest = dialogue.lines().stream()
                .mapToInt(line -> line.answer().length())
                .max()
                .orElse(0);
        for (int cut = -1; cut < longest; cut++) {
            try (Lab lab = lab(transport, new Dialogue(cut, dialogue.lines()))) {
                JsonObject tls =
                        new JsonObject().put("trust", certificates.authority().toString());
                assertThat(play(lab, steps, tls))
                        .as("%s, cut at %d", steps, cut)
                        .isEqualTo(verdict);
            }
        }
    }

    private static Lab lab(String transport, LabFault fault) throws IOException {
        return switch (transport) {
            case "tls" -> Lab.tls(fault, context);
            case "http" -> Lab.http(fault);
            case "unix" -> Lab.unix(fault, directory);
            default -> Lab.tcp(fault);
        };
    }

    private static Dialogue dialogue(String... lines) {
        return new Dialogue(
                0,
                Arrays.stream(lines)
                        .map(line -> line.split(" ", 2))
                        .map(line -> new Dialogue.Line(Integer.parseInt(line[0]), line[1]))
                        .toList());
    }

    /** The kind of what it comes to, the step and the offset. */
    private static String play(Lab lab, String steps, JsonObject tls) throws Exception {
        JsonObject script = new JsonObject("{\"steps\": [" + steps.replace('\'', '"') + "]}")
                .put("targets", new JsonArray().add(lab.target()))
                .put("timeoutMillis", 20_000)
                .put("tls", tls);
        Check check = Check.open(vertx, Script.of(script, Source.named("test")))
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .get(0);
        try {
            Report report = check.play(1).await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            Diagnosis found = report.diagnosis();
            return found == null
                    ? "passed"
                    : found.kind() + " " + found.step() + (found.offset() == null ? "" : " " + found.offset());
        } finally {
            check.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }
}
