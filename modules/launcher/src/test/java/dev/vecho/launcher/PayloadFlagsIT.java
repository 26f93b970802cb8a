package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a check sends and expects without a script. */
class PayloadFlagsIT {

    private static final long LARGE = 128L << 20;

    @TempDir
    private Path directory;

    private static Vecho server;
    private static String target;

    @BeforeAll
    static void serve() throws Exception {
        server = Vecho.serve("--host", "127.0.0.1", "--port", "0");
        target = server.address("tcp");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void sendsAText() throws Exception {
        // What a script would take for a variable is a text as any other.
        Result result = Vecho.run("check", target, "-v", "--text", "${x} and more");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.err()).contains("sends 13 bytes", "|${x} and more   |");
        assertThat(result.out()).contains("13 bytes sent, 13 bytes received");
    }

    @Test
    void expectsJustAnAnswer() throws Exception {
        Result same = Vecho.run("check", target, "--text", "@hello", "--expect", "@hello");
        assertThat(same.exitCode()).as(same.out()).isZero();
        Result other = Vecho.run("check", target, "--text", "hello", "--expect", "HELLO");
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.out()).contains("FAILED");
        Result more = Vecho.run("check", target, "--text", "hello", "--expect", "hello, world", "-t", "500ms");
        assertThat(more.exitCode()).isEqualTo(1);
        Result less = Vecho.run("check", target, "--text", "hello, world", "--expect", "hello");
        assertThat(less.exitCode()).as("bytes beyond the answer").isEqualTo(1);
    }

    @Test
    void sendsTheBytesOfAFile() throws Exception {
        byte[] bytes = new byte[300];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        Path file = Files.write(directory.resolve("bytes"), bytes);
        Result result = Vecho.run("check", target, "-v", "--file", file.toString());
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.err()).contains("|00000000| 00 01 02 03 04 05 06 07");
        assertThat(result.out()).contains("300 bytes sent, 300 bytes received");
    }

    @Test
    void sendsALargeFileInLittleMemory() throws Exception {
        Path file = directory.resolve("large");
        try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
            large.setLength(LARGE);
        }
        try (Vecho check = Vecho.start(
                Map.of(),
                List.of("-Xmx32m", "-XX:MaxDirectMemorySize=32m"),
                "check",
                target,
                "--file",
                file.toString())) {
            Result result = check.await();
            assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
            assertThat(result.out()).contains(LARGE + " bytes received");
        }
    }

    @Test
    void saysWhatCannotBeSent() throws Exception {
        Path missing = directory.resolve("missing");
        expectUsage("--file: no such file: " + missing, "--file", missing.toString());
        expectUsage("--file: is not a regular file: " + directory, "--file", directory.toString());
        expectUsage("--text: says what is sent, and cannot be combined with --file", "--text", "a", "--file", "b");
        expectUsage("--size: says what is sent, and cannot be combined with --text", "--text", "a", "--size", "1");
        for (String flag : List.of("--size", "--text", "--file", "--expect")) {
            expectUsage(
                    flag + ": is for the default script, and cannot be combined with --script", flag, "1", "-s", "x");
        }
    }

    private static void expectUsage(String problem, String... flags) throws Exception {
        String[] arguments = new String[flags.length + 1];
        arguments[0] = "check";
        System.arraycopy(flags, 0, arguments, 1, flags.length);
        Result result = Vecho.run(arguments);
        assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).isEqualTo(problem + "\nsee vecho check --help\n");
    }
}
