package dev.vecho.testkit;

import io.vertx.core.buffer.Buffer;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * A program that is not ours. A test that needs one which is missing is skipped, and says how to install it; with the
 * environment variable {@code VECHO_REQUIRE_ALL=true} it fails instead.
 */
public final class ForeignProgram {

    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Path path;

    private ForeignProgram(Path path) {
        this.path = path;
    }

    /**
     * What a program has answered.
     *
     * @param exitCode of the program
     * @param out its standard output, bytes as they came
     * @param err its standard error, for messages
     */
    public record Result(int exitCode, Buffer out, String err) {

        /** The output as text. */
        public String text() {
            return out.toString(StandardCharsets.UTF_8);
        }
    }

    /**
     * Finds a program on the path, or ends the test.
     *
     * @param install how to install it, for the message
     */
    public static ForeignProgram find(String name, String install) {
        return find(name, install, List.of());
    }

    /** The same for one that may be elsewhere, in directories such as those that only root has on the path. */
    public static ForeignProgram find(String name, String install, List<Path> elsewhere) {
        List<Path> directories = new ArrayList<>();
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            directories.add(Path.of(directory));
        }
        directories.addAll(elsewhere);
        for (Path directory : directories) {
            Path path = directory.resolve(name);
            if (Files.isExecutable(path) && !Files.isDirectory(path)) {
                return new ForeignProgram(path);
            }
        }
        throw missing(name + " is not installed; to run this test: " + install);
    }

    /**
     * Finds a Python that has a module, be it that of the system or another one on the path, or ends the test.
     *
     * @param install how to install the module, for the message
     */
    public static ForeignProgram findPythonWith(String module, String install) throws Exception {
        for (String path : List.of("python3", "/usr/bin/python3")) {
            ForeignProgram python = path.startsWith("/") ? new ForeignProgram(Path.of(path)) : find(path, install);
            if (Files.isExecutable(python.path)
                    && python.run(new byte[0], "-c", "import " + module).exitCode() == 0) {
                return python;
            }
        }
        throw missing("Python has no " + module + "; to run this test: " + install);
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Skips the test that needs something which is missing, or fails it: it never returns. */
    public static RuntimeException missing(String what) {
        if (Boolean.parseBoolean(System.getenv("VECHO_REQUIRE_ALL"))) {
            Assertions.fail(what);
        }
        Assumptions.abort(what);
        throw new IllegalStateException("abort throws");
    }

    /**
     * Installs a package of npm's in the module's {@code target}, or ends the test.
     *
     * @return a directory whose scripts find the package
     */
    public static Path npm(String name, String version) throws Exception {
        ForeignProgram npm = find("npm", "apt-get install npm");
        Path directory = Files.createDirectories(Path.of("target", "node").toAbsolutePath());
        if (!Files.isDirectory(directory.resolve("node_modules").resolve(name))) {
            Result installed =
                    npm.run(new byte[0], "install", "--silent", "--prefix", directory.toString(), name + "@" + version);
            if (installed.exitCode() != 0) {
                throw missing("npm cannot install " + name + ", which needs its registry: " + installed.err());
            }
        }
        return directory;
    }

    /** Runs it to its end with some input, which is closed then; a program that runs longer than three minutes is ended. */
    public Result run(byte[] input, String... arguments) throws Exception {
        Process process = start(arguments);
        try {
            CompletableFuture<byte[]> out = reading(process.getInputStream());
            CompletableFuture<byte[]> err = reading(process.getErrorStream());
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                try (var in = process.getOutputStream()) {
                    in.write(input);
                } catch (IOException e) {
                    // It ended before it read everything: its output tells.
                    return;
                }
            });
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError(
                        path + " did not end; it said: " + new String(err.getNow(new byte[0]), StandardCharsets.UTF_8));
            }
            writing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return new Result(
                    process.exitValue(),
                    Buffer.buffer(out.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)),
                    new String(err.get(PATIENCE.toSeconds(), TimeUnit.SECONDS), StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }

    /** Starts it; the caller ends it. */
    public Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(path.toString());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    private static CompletableFuture<byte[]> reading(InputStream in) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
