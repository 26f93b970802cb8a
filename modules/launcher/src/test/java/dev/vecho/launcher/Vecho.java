package dev.vecho.launcher;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The fat jar as a process, as a user starts it. */
final class Vecho implements AutoCloseable {

    /** Also for tens of thousands of rounds on a machine that builds other things. */
    private static final int PATIENCE_SECONDS = 170;

    static final String JAR = System.getProperty("vecho.jar", "target/vecho.jar");

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final BufferedReader out;
    private final CompletableFuture<String> err;

    /**
     * What a run has given.
     *
     * @param out standard output, with line ends
     * @param err standard error, with line ends
     */
    record Result(int exitCode, String out, String err) {}

    private Vecho(Process process) {
        this.process = process;
        this.out = process.inputReader(StandardCharsets.UTF_8);
        this.err = CompletableFuture.supplyAsync(() -> {
            try {
                String all = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
                // Vert.x warns of an event loop that a busy machine has let wait, which no test is about.
                return all.replaceAll("(?m)^.* WARN  BlockedThreadChecker: .*\\R", "");
            } catch (IOException e) {
                return "standard error broke: " + e;
            }
        });
    }

    /** Starts a command. */
    static Vecho start(String... arguments) throws IOException {
        return start(Map.of(), List.of(), arguments);
    }

    /** Starts a command with more environment variables and options for the JVM. */
    static Vecho start(Map<String, String> environment, List<String> jvmOptions, String... arguments)
            throws IOException {
        List<String> options = new ArrayList<>(QuickStart.options(arguments));
        options.addAll(jvmOptions);
        options.addAll(List.of("-jar", JAR));
        return start(environment, options, Arrays.asList(arguments));
    }

    /**
     * Starts a command within another one, such as a shell that limits what it may do.
     *
     * @param wrapper what comes before {@code java} and its arguments
     */
    static Vecho startWithin(List<String> wrapper, List<String> jvmOptions, String... arguments) throws IOException {
        List<String> options = new ArrayList<>(QuickStart.options(arguments));
        options.addAll(jvmOptions);
        options.addAll(List.of("-jar", JAR));
        return start(wrapper, Map.of(), options, Arrays.asList(arguments));
    }

    /** Starts a command of another copy of the jar within another command. */
    static Vecho startWithin(List<String> wrapper, Path jar, String... arguments) throws IOException {
        return start(wrapper, Map.of(), List.of("-jar", jar.toString()), Arrays.asList(arguments));
    }

    /** Starts a program that becomes Vecho, such as the script {@code vecho}. */
    static Vecho startProgram(String... command) throws IOException {
        return start(Map.of(), List.of(command));
    }

    /** What runs a command that follows it in a shell, after something else. */
    static List<String> shell(String before) {
        return List.of("/bin/sh", "-c", before + " exec \"$@\"", "sh");
    }

    /** Starts a command with one more jar on the class path. */
    static Vecho startWith(Path jar, String... arguments) throws IOException {
        String classPath = JAR + File.pathSeparator + jar;
        return start(Map.of(), List.of("-cp", classPath, "dev.vecho.launcher.Main"), Arrays.asList(arguments));
    }

    private static Vecho start(Map<String, String> environment, List<String> jvmOptions, List<String> arguments)
            throws IOException {
        return start(List.of(), environment, jvmOptions, arguments);
    }

    private static Vecho start(
            List<String> wrapper, Map<String, String> environment, List<String> jvmOptions, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.add(java().toString());
        command.addAll(jvmOptions);
        command.addAll(arguments);
        return start(environment, command);
    }

    /** What Vecho runs on. */
    static Path java() {
        return Path.of(System.getProperty("vecho.java.home", System.getProperty("java.home")), "bin", "java");
    }

    private static Vecho start(Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("VECHO__"));
        builder.environment().putAll(environment);
        return new Vecho(builder.start());
    }

    /** Runs a command to its end. */
    static Result run(String... arguments) throws Exception {
        try (Vecho vecho = start(arguments)) {
            return vecho.await();
        }
    }

    /** Starts {@code serve} and waits until it is ready. */
    static Vecho serve(String... arguments) throws Exception {
        Vecho vecho = start(concat("serve", arguments));
        vecho.awaitLine("ready");
        return vecho;
    }

    private static String[] concat(String first, String... others) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(Arrays.asList(others));
        return all.toArray(String[]::new);
    }

    /** Reads the output up to a line that starts so; fails where it ends before. */
    String awaitLine(String start) throws Exception {
        CompletableFuture<String> reading = CompletableFuture.supplyAsync(() -> {
            try {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    lines.add(line);
                    if (line.startsWith(start)) {
                        return line;
                    }
                }
                return "";
            } catch (IOException e) {
                return "";
            }
        });
        String line = reading.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (line.isEmpty()) {
            throw new AssertionError("no line \"" + start + "\"; out: " + lines + " err: "
                    + err.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        }
        return line;
    }

    /** The first address that a listener has told. */
    String address(String listener) {
        String start = "listener " + listener + ": ";
        return lines.stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .map(line -> line.substring(start.length()).split(" ", -1)[0])
                .orElseThrow(() -> new AssertionError("no listener " + listener + " in " + lines));
    }

    /** What was told under a name that is no listener's. */
    String note(String name) {
        String start = name + ": ";
        return lines.stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .map(line -> line.substring(start.length()))
                .orElseThrow(() -> new AssertionError("no " + start + "in " + lines));
    }

    /** The port of {@link #address}. */
    int port(String listener) {
        String address = address(listener);
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    /** Sends SIGTERM; Process.destroy would close the streams as well. */
    void terminate() {
        process.toHandle().destroy();
    }

    /** Sends SIGINT, as Ctrl-C does. */
    void interrupt() throws Exception {
        signal("INT");
    }

    /** Sends a signal, such as {@code HUP}. */
    void signal(String name) throws Exception {
        Process kill = new ProcessBuilder("/bin/kill", "-" + name, Long.toString(process.pid())).start();
        kill.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    long pid() {
        return process.pid();
    }

    /** Closes the end of its standard output that is read here. */
    void closeOutput() throws IOException {
        out.close();
    }

    /** How often a thread of it has waited for something, proc(5). */
    long voluntarySwitches() throws IOException {
        long switches = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path thread : threads) {
                switches += voluntarySwitches(thread);
            }
        }
        return switches;
    }

    private static long voluntarySwitches(Path thread) throws IOException {
        String key = "voluntary_ctxt_switches:";
        try {
            return Files.readAllLines(thread.resolve("status")).stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(
                            line -> Long.parseLong(line.substring(key.length()).strip()))
                    .sum();
        } catch (IOException e) {
            if (Files.exists(thread)) {
                throw e;
            }
            return 0; // The thread has ended since it was listed.
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Whether it does not end within a time. */
    boolean isAliveFor(long nanos) throws InterruptedException {
        return !process.waitFor(nanos, TimeUnit.NANOSECONDS);
    }

    /** Waits until it ends and takes what it said that nobody has read. */
    Result await() throws Exception {
        StringBuilder rest = new StringBuilder();
        CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> {
            try {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    rest.append(line).append('\n');
                }
            } catch (IOException e) {
                rest.append("standard output broke: ").append(e);
            }
        });
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("vecho did not end");
        }
        reading.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return new Result(process.exitValue(), rest.toString(), err.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
