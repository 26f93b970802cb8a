package dev.vecho.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Programs that the tests of packages run, and the packages. */
final class Installed {

    private static final int PATIENCE_SECONDS = 500;

    private Installed() {}

    /** A file that the build has made. */
    static Path made(String glob) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().matches(glob))
                    .toList();
            assertThat(found).as("target/" + glob).hasSize(1);
            return found.get(0).toAbsolutePath();
        }
    }

    /** Runs a program to its end, which must be a good one; gives what it wrote. */
    static String run(String... command) throws Exception {
        return run(Map.of(), command);
    }

    static String run(Map<String, String> environment, String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> {
            try {
                return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                return "its output broke: " + e;
            }
        });
        try {
            boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(ended).as(List.of(command) + " ends").isTrue();
            String text = output.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(process.exitValue()).as(List.of(command) + ": " + text).isZero();
            return text;
        } finally {
            process.destroyForcibly();
        }
    }

    /** A service that has said that it is ready. */
    static final class Service implements AutoCloseable {

        private final Process process;
        private final List<String> lines = new ArrayList<>();

        Service(String... command) throws Exception {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
            BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
            CompletableFuture<Boolean> ready = CompletableFuture.supplyAsync(() -> {
                try {
                    for (String line = out.readLine(); line != null; line = out.readLine()) {
                        lines.add(line);
                        if (line.startsWith("ready")) {
                            return true;
                        }
                    }
                } catch (IOException e) {
                    lines.add(e.toString());
                }
                return false;
            });
            assertThat(ready.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("ready: " + lines)
                    .isTrue();
        }

        /** The first address of a listener. */
        String address(String name) {
            return lines.stream()
                    .filter(line -> line.contains(name + ": "))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + name + " in " + lines))
                    .replaceFirst(".*" + name + ": (\\S+).*", "$1");
        }

        /** Ends it by SIGTERM, which it has to obey. */
        void terminate() throws Exception {
            process.toHandle().destroy();
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
