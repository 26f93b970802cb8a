package dev.vecho.testkit.torture;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service, as a process. */
final class Service implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private static final Pattern CLOSING =
            Pattern.compile("listener (\\S+): (\\d+) connections, (\\d+) refused, (\\d+) failed.*?, (\\d+) bytes.*");

    private final String java;
    private final Process process;
    private final Path err;
    private final List<String> lines = new ArrayList<>();
    private final BufferedReader out;
    private final AtomicLong longestWait = new AtomicLong();

    /**
     * What a listener has counted, by its closing line.
     *
     * @param accepted connections
     * @param refused connections
     * @param failed connections
     * @param bytes received
     */
    record Closing(long accepted, long refused, long failed, long bytes) {}

    /**
     * How it has ended.
     *
     * @param exitCode of the process
     * @param closings by listener
     * @param err all of standard error
     * @param took from the signal to the end
     */
    record Ending(int exitCode, Map<String, Closing> closings, String err, Duration took) {}

    /**
     * Starts it and waits until it is ready.
     *
     * @param directory for what it writes
     * @param options for the JVM
     */
    Service(Settings settings, Path directory, Path configuration, List<String> options) throws Exception {
        java = settings.java();
        err = directory.resolve("service.err");
        List<String> command = new ArrayList<>();
        command.add(java);
        command.addAll(options);
        command.addAll(List.of("-jar", settings.jar().toString(), "serve", "-c", configuration.toString()));
        process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        // A torture that is stopped leaves no service behind; one that has ended takes no harm.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        out = process.inputReader(StandardCharsets.UTF_8);
        CompletableFuture<Boolean> reading = CompletableFuture.supplyAsync(() -> readUntil("ready"));
        if (!reading.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            close();
            throw new IOException("the service does not start: " + lines + Files.readString(err));
        }
    }

    private boolean readUntil(String start) {
        try {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(line);
                if (line.startsWith(start)) {
                    return true;
                }
            }
        } catch (IOException e) {
            lines.add(e.toString());
        }
        return false;
    }

    long pid() {
        return process.pid();
    }

    /** The address that a listener has told, without its scheme. */
    String address(String listener) {
        String start = "listener " + listener + ": ";
        return lines.stream()
                .filter(line -> line.startsWith(start))
                .map(line -> line.substring(start.length()).split(" ", -1)[0])
                .map(target -> target.substring(target.indexOf("://") + 3))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no listener " + listener + " in " + lines));
    }

    int port(String listener) {
        String address = address(listener);
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    /** The longest time that a client has waited for a byte, in nanoseconds. */
    AtomicLong longestWait() {
        return longestWait;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    Usage usage() throws Exception {
        return Usage.of(pid(), java);
    }

    /** Where its threads are. */
    String threads() throws Exception {
        return Usage.jcmd(pid(), java, "Thread.print");
    }

    /** Sends SIGTERM and waits for the end. */
    Ending terminate() throws Exception {
        long began = System.nanoTime();
        process.toHandle().destroy();
        CompletableFuture<Boolean> reading = CompletableFuture.supplyAsync(() -> readUntil("(never said)"));
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new IOException("the service does not end: " + threads());
        }
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        reading.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        Map<String, Closing> closings = new TreeMap<>();
        for (String line : lines) {
            Matcher closing = CLOSING.matcher(line);
            if (closing.matches()) {
                closings.put(
                        closing.group(1),
                        new Closing(
                                Long.parseLong(closing.group(2)),
                                Long.parseLong(closing.group(3)),
                                Long.parseLong(closing.group(4)),
                                Long.parseLong(closing.group(5))));
            }
        }
        return new Ending(process.exitValue(), closings, Files.readString(err), took);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
