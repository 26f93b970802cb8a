package dev.vecho.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Inputs of a parser with faults in them, made from examples: at random for a second in each build, always the same; with
 * {@code -Dvecho.fuzz=minutes} by Jazzer, which finds out by the code that an input reaches what to try next.
 */
public final class Fuzz {

    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final long SEED = 20261129;
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int MAX_BYTES = 20_000;
    private static final int MAX_CHANGES = 6;
    private static final int LINES_TOLD = 60;

    private final Random random = new Random(SEED);
    private final List<byte[]> examples;
    private final List<byte[]> words;

    private Fuzz(List<byte[]> examples, List<String> words) {
        this.examples = examples;
        this.words = words.stream()
                .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
    }

    /**
     * Plays the examples and what is made of them. The examples are the files in {@code src/test/resources} in a directory
     * that has the test's name.
     *
     * @param test public, with a public static method {@code fuzzerTestOneInput(byte[])} that Jazzer calls: the parser
     * @param words that the parser knows
     * @param parser fails where an input does what none should
     * @throws AssertionError with the input where the parser fails or does not end
     */
    public static void play(Class<?> test, List<String> words, Consumer<byte[]> parser) throws Exception {
        Path directory =
                Path.of("src", "test", "resources").resolve(test.getName().replace('.', '/'));
        List<byte[]> examples = new ArrayList<>();
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                examples.add(Files.readAllBytes(file));
            }
        }
        examples.forEach(parser);
        String minutes = System.getProperty("vecho.fuzz", "");
        if (minutes.isEmpty()) {
            mutate(new Fuzz(examples, words), parser);
        } else {
            jazzer(test, words, directory, (long) (Double.parseDouble(minutes) * 60));
        }
    }

    private static void mutate(Fuzz inputs, Consumer<byte[]> parser) throws Exception {
        AtomicReference<String> current = new AtomicReference<>("");
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicLong since = new AtomicLong(System.nanoTime());
        long end = System.nanoTime() + SHORT.toNanos();
        Thread worker = new Thread(
                () -> {
                    while (System.nanoTime() < end && failure.get() == null) {
                        byte[] input = inputs.next();
                        current.set(Base64.getEncoder().encodeToString(input));
                        since.set(System.nanoTime());
                        try {
                            parser.accept(input);
                        } catch (RuntimeException | Error e) {
                            failure.set(e);
                        }
                    }
                },
                "fuzz");
        worker.setDaemon(true);
        worker.start();
        do {
            worker.join(LIMIT.toMillis() / 4);
            if (worker.isAlive() && System.nanoTime() - since.get() > LIMIT.toNanos()) {
                AssertionError hang = new AssertionError("does not end: " + current);
                hang.setStackTrace(worker.getStackTrace());
                throw hang;
            }
        } while (worker.isAlive());
        if (failure.get() != null) {
            throw new AssertionError("input: " + current, failure.get());
        }
    }

    /** Runs it as a program, whose last words are told. */
    private static void jazzer(Class<?> test, List<String> words, Path examples, long seconds) throws Exception {
        Path directory = Files.createDirectories(Path.of("target", "fuzz", test.getSimpleName()));
        Path found = Files.createDirectories(directory.resolve("corpus"));
        List<String> lines = new ArrayList<>();
        for (String word : words) {
            StringBuilder line = new StringBuilder("\"");
            word.chars().forEach(one -> line.append(String.format("\\x%02x", one & 0xff)));
            lines.add(line.append('"').toString());
        }
        Path dictionary = Files.write(directory.resolve("words"), lines);
        Path log = directory.resolve("log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + test.getName(),
                        "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery",
                        "--instrumentation_includes=dev.vecho.**:io.netty.handler.**:com.fasterxml.jackson.core.**",
                        "-max_total_time=" + seconds,
                        "-timeout=" + 6 * LIMIT.toSeconds(),
                        "-dict=" + dictionary,
                        "-artifact_prefix=" + directory + "/",
                        found.toString(),
                        examples.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(seconds + 300, TimeUnit.SECONDS)) {
                throw new AssertionError("Jazzer does not end, see " + log);
            }
        } finally {
            process.destroyForcibly();
        }
        List<String> said = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
        String last = String.join("\n", said.subList(Math.max(0, said.size() - LINES_TOLD), said.size()));
        if (process.exitValue() != 0) {
            throw new AssertionError("Jazzer has found something, see " + log + ":\n" + last);
        }
        System.out.println(test.getSimpleName() + ": " + said.get(said.size() - 1));
    }

    private byte[] next() {
        byte[] input = examples.get(random.nextInt(examples.size()));
        for (int i = random.nextInt(MAX_CHANGES) + 1; i > 0; i--) {
            input = change(input);
        }
        return input.length > MAX_BYTES ? Arrays.copyOf(input, MAX_BYTES) : input;
    }

    private byte[] change(byte[] input) {
        int at = random.nextInt(input.length + 1);
        int end = Math.min(input.length, at + random.nextInt(16));
        return switch (random.nextInt(7)) {
            case 0 -> replaced(input, at, end, new byte[0]);
            case 1 -> replaced(input, at, at, Arrays.copyOfRange(input, at, end));
            case 2 -> replaced(input, at, Math.min(input.length, at + 1), new byte[] {(byte) random.nextInt(256)});
            case 3 -> replaced(input, at, at, word());
            case 4 -> replaced(input, at, end, word());
            case 5 -> {
                byte[] other = examples.get(random.nextInt(examples.size()));
                int from = random.nextInt(other.length + 1);
                yield replaced(
                        input,
                        at,
                        end,
                        Arrays.copyOfRange(other, from, from + random.nextInt(other.length - from + 1)));
            }
            default -> Arrays.copyOf(input, at);
        };
    }

    private byte[] word() {
        return words.isEmpty() ? new byte[] {(byte) random.nextInt(256)} : words.get(random.nextInt(words.size()));
    }

    private static byte[] replaced(byte[] input, int from, int to, byte[] with) {
        ByteArrayOutputStream changed = new ByteArrayOutputStream(input.length + with.length);
        changed.write(input, 0, from);
        changed.writeBytes(with);
        changed.write(input, to, input.length - to);
        return changed.toByteArray();
    }
}
