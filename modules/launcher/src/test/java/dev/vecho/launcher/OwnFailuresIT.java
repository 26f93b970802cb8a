package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.ForeignProgram;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What keeps Vecho itself from doing its work, or from reporting it: one line, and exit code 3. */
@Execution(ExecutionMode.CONCURRENT)
class OwnFailuresIT {

    private static final int OWN_FAILURE = 3;
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    /** What the script {@code vecho} gives a JVM, and little memory. */
    private static final List<String> OPTIONS_OF_SCRIPT = List.of(
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+DisplayVMOutputToStderr",
            "-Xmx12m",
            "-XX:MaxDirectMemorySize=12m");

    private static final String FULL = "/dev/full";

    @TempDir
    static Path shared;

    @TempDir
    Path directory;

    private static Vecho server;

    @BeforeAll
    static void serve() throws Exception {
        Path config = Files.writeString(shared.resolve("server.json"), "{\"listeners\":{\"tcp\":{\"port\":0}}}");
        server = Vecho.serve("-c", config.toString());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "check TARGET",
                "check TARGET -q -o text",
                "check TARGET -o json",
                "check TARGET -o jsonl",
                "check TARGET -o junit",
                "bench TARGET -d 100ms -w 0s",
                "bench TARGET -d 100ms -w 0s -o json",
                "selftest"
            })
    void saysThatStandardOutputIsFull(String command) throws Exception {
        requireFull();
        String[] arguments = command.replace("TARGET", server.address("tcp")).split(" ", -1);
        try (Vecho vecho = Vecho.startWithin(Vecho.shell("exec >" + FULL + ";"), List.of(), arguments)) {
            assertOwnFailure(vecho.await(), "vecho: standard output: cannot be written: No space left on device");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"check TARGET -n 0 -i 1ms", "check TARGET -n 0 -i 1ms -o jsonl", "selftest"})
    void endsWhenItsReaderHasGone(String command) throws Exception {
        String[] arguments = command.replace("TARGET", server.address("tcp")).split(" ", -1);
        try (Vecho vecho = Vecho.start(arguments)) {
            vecho.awaitLine("");
            vecho.closeOutput();
            Result result = vecho.await();
            assertThat(result.err()).isEqualTo("vecho: standard output: cannot be written: Broken pipe\n");
            assertThat(result.exitCode()).isEqualTo(OWN_FAILURE);
        }
    }

    /** The connections are what a service is there for. */
    @Test
    void goesOnServingWhenItsReaderHasGone() throws Exception {
        try (Vecho vecho = Vecho.serve("-c", shared.resolve("server.json").toString())) {
            vecho.closeOutput();
            Result check = Vecho.run("check", vecho.address("tcp"));
            assertThat(check.exitCode()).as(check.out() + check.err()).isZero();
            vecho.terminate();
            Result result = vecho.await();
            assertThat(result.err()).isEqualTo("vecho: standard output: cannot be written: Broken pipe\n");
            assertThat(result.exitCode()).isEqualTo(OWN_FAILURE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "json", "jsonl", "junit"})
    void saysWhichReportCannotBeWrittenAndWritesTheOthers(String format) throws Exception {
        requireFull();
        Path good = directory.resolve("good.json");
        Result result =
                Vecho.run("check", server.address("tcp"), "--report", format + "=" + FULL, "--report", good.toString());
        assertThat(result.exitCode()).isEqualTo(OWN_FAILURE);
        assertThat(result.err())
                .isEqualTo("vecho: --report: " + FULL + ": could not be written to its end: No space left on device\n");
        assertThat(result.out()).contains("1 round, 1 passed, 0 failed");
        assertThat(Files.readString(good)).contains("\"verdict\" : \"passed\"");
        // A device is not replaced by a file.
        assertThat(Files.isRegularFile(Path.of(FULL))).isFalse();
    }

    @Test
    void needsAPlaceForTemporaryFilesAndSaysSo() throws Exception {
        Path nowhere = directory.resolve("none");
        try (Vecho vecho = Vecho.start(Map.of(), List.of("-Djava.io.tmpdir=" + nowhere), "selftest")) {
            Result result = vecho.await();
            assertOwnFailure(result, "vecho: " + nowhere + ": cannot be written: no such directory");
            assertThat(result.out()).isEmpty();
        }
    }

    @Test
    void endsASelftestWithoutMemory() throws Exception {
        try (Vecho vecho = Vecho.start(Map.of(), OPTIONS_OF_SCRIPT, "selftest")) {
            assertEndedForLackOfMemory(vecho.await());
        }
    }

    /** A verdict about the server would be a false one. */
    @Test
    void endsACheckWithoutMemoryForItsBuffers() throws Exception {
        try (Vecho vecho = Vecho.start(
                Map.of(),
                List.of("-XX:MaxDirectMemorySize=64k"),
                "check",
                server.address("tcp"),
                "--size",
                "10000000")) {
            assertOwnFailure(vecho.await(), "vecho: out of memory");
        }
    }

    @Test
    void endsABenchWithoutMemoryForItsBuffers() throws Exception {
        try (Vecho vecho = Vecho.start(
                Map.of(),
                List.of("-XX:MaxDirectMemorySize=64k"),
                "bench",
                server.address("tcp"),
                "-s",
                "1000000",
                "-d",
                "100ms",
                "-w",
                "0s")) {
            assertOwnFailure(vecho.await(), "vecho: out of memory");
        }
    }

    /** As {@code java -jar} starts it: nothing makes the JVM itself end. */
    @ParameterizedTest
    @CsvSource({"8, selftest", "10, selftest", "12, selftest", "14, selftest", "8, serve -c CONFIG"})
    void endsWithTooSmallAHeap(int megabytes, String command) throws Exception {
        String[] arguments = command.replace("CONFIG", config()).split(" ", -1);
        List<String> options = List.of("-XX:+UseG1GC", "-Xmx" + megabytes + "m", "-XX:MaxDirectMemorySize=12m");
        try (Vecho vecho = Vecho.start(Map.of(), options, arguments)) {
            Result result = vecho.await();
            assertThat(result.exitCode()).as(result.err()).isEqualTo(OWN_FAILURE);
            // The JVM has words of its own for threads that cannot even say what they die of.
            assertThat(result.err().lines().filter(line -> line.startsWith("vecho: ")))
                    .singleElement()
                    .asString()
                    .startsWith("vecho: out of memory");
        }
    }

    @Test
    void endsAServiceWithoutMemory() throws Exception {
        String file = Files.writeString(
                        directory.resolve("web.json"),
                        "{\"listeners\":{\"tls\":{\"port\":0,\"tls\":{\"selfSigned\":true}},"
                                + "\"http\":{\"transport\":\"http\",\"port\":0}}}")
                .toString();
        List<Socket> sockets = new ArrayList<>();
        try (Vecho vecho = Vecho.start(Map.of(), OPTIONS_OF_SCRIPT, "serve", "-c", file)) {
            vecho.awaitLine("ready");
            int port = vecho.port("http");
            long start = System.nanoTime();
            // Each request begins, and is never ended.
            while (vecho.isAlive()) {
                assertThat(System.nanoTime() - start)
                        .as("nanoseconds until it ended")
                        .isLessThan(PATIENCE_NANOS);
                Socket socket = new Socket();
                sockets.add(socket);
                try {
                    socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
                    socket.getOutputStream()
                            .write("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n1".getBytes(UTF_8));
                } catch (IOException e) {
                    // It is short of memory, or ends.
                    Thread.onSpinWait();
                }
            }
            assertEndedForLackOfMemory(vecho.await());
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /** As in a container with a root that is read-only, and a place for temporary files that is no good. */
    @ParameterizedTest
    @CsvSource({"noexec, nothing can be executed", "ro, cannot be written", "size=8k, less than"})
    void findsAnotherPlaceForNativeLibraries(String mount, String reason) throws Exception {
        requireEpoll();
        Path place = Files.createDirectory(directory.resolve("tmp"));
        try (Vecho vecho = Vecho.startWithin(
                mounting(mount, place), List.of("-Djava.io.tmpdir=" + place), "-v", "serve", "-c", config())) {
            assertThat(vecho.awaitLine("ready")).startsWith("ready on epoll");
            vecho.terminate();
            assertThat(vecho.await().err().lines())
                    .anySatisfy(line -> assertThat(line).contains("INFO  NativeLibraries: ", "" + place, reason));
        }
    }

    @Test
    void saysWhyThereAreNoNativeLibraries() throws Exception {
        requireEpoll();
        Path place = Files.createDirectory(directory.resolve("tmp"));
        try (Vecho vecho = Vecho.startWithin(
                mounting("noexec", place), List.of("-Dio.netty.native.workdir=" + place), "serve", "-c", config())) {
            assertThat(vecho.awaitLine("ready")).startsWith("ready on nio");
            vecho.terminate();
            Result result = vecho.await();
            assertThat(result.exitCode()).isZero();
            assertThat(result.err().lines())
                    .singleElement()
                    .asString()
                    .contains("WARN  NativeLibraries: runs on nio, for epoll cannot be had", "" + place);
        }
    }

    /** A mount namespace of its own; where the system allows none, the test is skipped. */
    private static List<String> mounting(String options, Path place) throws Exception {
        List<String> unshare = List.of("unshare", "--mount", "/bin/sh", "-c");
        List<String> trial = new ArrayList<>(unshare);
        trial.add("mount -t tmpfs -o noexec tmpfs " + place);
        boolean allowed;
        try {
            allowed = new ProcessBuilder(trial).start().waitFor() == 0;
        } catch (IOException e) {
            allowed = false;
        }
        if (!allowed) {
            throw ForeignProgram.missing("no mount namespace can be made here; to run this test: be root");
        }
        return Stream.concat(
                        unshare.stream(),
                        Stream.of("mount -t tmpfs -o " + options + " tmpfs " + place + " && exec \"$@\"", "sh"))
                .toList();
    }

    private String config() {
        return shared.resolve("server.json").toString();
    }

    /** One line, of Vecho or of the JVM. */
    private static void assertEndedForLackOfMemory(Result result) {
        assertThat(result.exitCode()).isEqualTo(OWN_FAILURE);
        assertThat(result.err().lines()).singleElement().asString().containsIgnoringCase("memory");
    }

    private static void requireFull() {
        if (!Files.exists(Path.of(FULL))) {
            throw ForeignProgram.missing("there is no " + FULL + " here; to run this test: be on Linux");
        }
    }

    private static void requireEpoll() {
        if (Io.unavailable("epoll").isPresent()) {
            throw ForeignProgram.missing("there is no epoll here; to run this test: be on Linux");
        }
    }

    private static void assertOwnFailure(Result result, String line) {
        assertThat(result.err().lines()).singleElement().asString().startsWith(line);
        assertThat(result.exitCode()).isEqualTo(OWN_FAILURE);
    }
}
