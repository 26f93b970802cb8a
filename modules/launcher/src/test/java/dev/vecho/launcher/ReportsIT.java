package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** What {@code vecho check} writes, and where. */
class ReportsIT {

    @TempDir
    static Path shared;

    @TempDir
    private Path directory;

    private static Vecho server;
    private static String good;
    private static String bad;

    @BeforeAll
    static void serve() throws Exception {
        Path config = Files.writeString(shared.resolve("server.json"), "{\"listeners\":{\"tcp\":{\"port\":0}}}");
        server = Vecho.serve("-c", config.toString());
        good = server.address("tcp");
        bad = "tcp://127.0.0.1:" + Ports.free();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private List<Path> files() throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    @Test
    void writesSeveralReportsAtOnce() throws Exception {
        Path json = directory.resolve("report.json");
        Path lines = directory.resolve("report.jsonl");
        Path xml = directory.resolve("report.xml");
        Path text = directory.resolve("told");
        Result result = Vecho.run(
                "check",
                good,
                bad,
                "-n",
                "2",
                "-i",
                "10ms",
                "--report",
                json.toString(),
                "--report",
                lines.toString(),
                "--report",
                xml.toString(),
                "--report",
                "text=" + text);
        assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains("2 cases, 1 passed, 1 failed").doesNotContain("\u001b");
        assertThat(Files.readString(text)).isEqualTo(result.out());
        assertThat(new JsonObject(Files.readString(json)).getString("verdict")).isEqualTo("failed");
        assertThat(Files.readAllLines(lines))
                .hasSize(4)
                .allSatisfy(line ->
                        assertThat(new JsonObject(line).getString("case")).isIn(good, bad));
        assertThat(files()).containsExactlyInAnyOrder(json, lines, xml, text);
        Document document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(xml.toFile());
        Element suite = (Element) document.getElementsByTagName("testsuite").item(0);
        assertThat(suite.getAttribute("tests")).isEqualTo("2");
        assertThat(suite.getAttribute("failures")).isEqualTo("1");
        Element failed = (Element) document.getElementsByTagName("testcase").item(1);
        assertThat(failed.getAttribute("name")).isEqualTo(bad);
        Element failure = (Element) failed.getElementsByTagName("failure").item(0);
        assertThat(failure.getAttribute("type")).isEqualTo("refused");
        assertThat(failure.getAttribute("message")).startsWith("nobody listens on ");
    }

    @Test
    void writesEachFormatToStandardOutput() throws Exception {
        Result xml = Vecho.run("check", good, "-o", "junit");
        assertThat(xml.exitCode()).as(xml.err()).isZero();
        assertThat(xml.out())
                .startsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
                .contains("failures=\"0\"");
        Result lines = Vecho.run("check", good, "-n", "3", "-i", "1ms", "-o", "jsonl");
        assertThat(lines.out().lines())
                .hasSize(3)
                .allSatisfy(line ->
                        assertThat(new JsonObject(line).getString("verdict")).isEqualTo("passed"));
    }

    @Test
    void writesALineForEachRoundAtOnce() throws Exception {
        try (Vecho check = Vecho.start("check", good, "-n", "0", "-i", "1h", "-o", "jsonl")) {
            assertThat(new JsonObject(check.awaitLine("{")).getInteger("round")).isEqualTo(1);
            check.interrupt();
            assertThat(check.await().exitCode()).isZero();
        }
    }

    @Test
    void showsAHistogramOfManyRoundTrips() throws Exception {
        Result result = Vecho.run("check", good, "-n", "25", "-i", "1ms", "-q");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.out())
                .startsWith("--- " + good + " ---\n25 rounds, 25 passed, 0 failed")
                .contains("round trip min/mean/p50/p90/p99/p99.9/max = ")
                .containsPattern(" ms \\|#+ *\\| \\d+\n");
    }

    @Test
    void tellsEachStepWhereItIsToBeVerbose() throws Exception {
        Result result = Vecho.run("check", good, "-v");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines()).hasSize(4);
        assertThat(result.err())
                .contains(good + " round=1 steps[0] begins")
                .contains("round=1 sends 42 bytes")
                .contains("|00000000| 54 68 69 73 20 69 73 20 74 68 65 20 6d 65 73 73 |This is the mess|")
                .contains("the peer closed its output");
    }

    @Test
    void saysWhereAReportCannotBeWrittenBeforeItPlaysAnything() throws Exception {
        Path nowhere = directory.resolve("missing/report.json");
        Result result = Vecho.run("check", good, "--report", nowhere.toString());
        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.err()).isEqualTo("vecho: --report: " + nowhere + ": cannot be written: no such directory\n");
        assertThat(result.out()).isEmpty();
        Result unknown = Vecho.run("check", good, "--report", "report.csv");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).startsWith("--report: report.csv: expected a name that ends in ");
    }

    @Test
    void writesReportsWithTheModeOfTheUmask() throws Exception {
        List<Path> reports = Stream.of("r.txt", "r.json", "r.jsonl", "r.xml")
                .map(directory::resolve)
                .toList();
        Path older = directory.resolve("older.json");
        Files.createFile(older, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        List<String> arguments = new ArrayList<>(List.of("check", good, "--report", older.toString()));
        reports.forEach(report -> arguments.addAll(List.of("--report", report.toString())));
        try (Vecho check = Vecho.startWithin(Vecho.shell("umask 026;"), List.of(), arguments.toArray(String[]::new))) {
            Result result = check.await();
            assertThat(result.exitCode()).as(result.err()).isZero();
        }
        assertThat(reports).allSatisfy(report -> assertThat(modeOf(report)).isEqualTo("rw-r-----"));
        assertThat(modeOf(older)).isEqualTo("rw-------");
        assertThat(Files.readString(older)).startsWith("{");
    }

    private static String modeOf(Path file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void leavesAnOlderReportAloneWhereTheScriptIsWrong() throws Exception {
        Path older = Files.writeString(directory.resolve("report.json"), "older");
        Result result = Vecho.run("check", "pigeon://x:1", "--report", older.toString());
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(Files.readString(older)).isEqualTo("older");
        assertThat(files()).containsExactly(older);
    }
}
