package dev.vecho.launcher;

import dev.vecho.testkit.NetworkNamespace;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A shell in which the commands of one {@link Page} run, one after the other, in a directory of their own that looks like a
 * checkout, and in a network namespace, in which every port is free and {@code localhost} has both families of addresses.
 */
final class PageShell implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 60;
    private static final String MARK = "--- the command is over: ";
    private static final String CLOSED = "--- the shell has ended";

    /** Vert.x warns of an event loop that a busy machine has let wait. */
    private static final Pattern BLOCKED = Pattern.compile(" WARN  BlockedThreadChecker: ");

    /** What bash says of a process that somebody has ended. */
    private static final Pattern TERMINATED = Pattern.compile("(bash|.*/bash): line \\d+: +\\d+ (Terminated|Killed).*");

    private final NetworkNamespace namespace;
    private final Process bash;
    private final BufferedWriter commands;
    private final BlockingQueue<String> printed = new LinkedBlockingQueue<>();

    PageShell(Path directory) throws Exception {
        Files.writeString(directory.resolve("hosts"), "127.0.0.1 localhost\n::1 localhost\n");
        namespace = NetworkNamespace.create();
        // An interface other than loopback, as machines have: without one Netty warns that it finds no hardware
        // address.
        namespace.ip("link add eth0 type veth peer name eth1");
        namespace.ip("address add 198.51.100.1/32 dev eth0");
        namespace.ip("link set eth0 up");
        bash = namespace.start(directory, "bash", "--norc");
        commands = bash.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "page shell");
        reader.setDaemon(true);
        reader.start();
        // The namespace has mounts of its own, too.
        String java = System.getProperty("vecho.java.home", System.getProperty("java.home"));
        List<String> failed = run(
                "mount --bind hosts /etc/hosts && rm hosts && unset ${!VECHO*} && export HOME=$PWD JAVA_HOME='" + java
                        + "' PATH='" + java + "/bin':$PATH",
                List.of());
        if (!failed.isEmpty()) {
            close();
            throw new AssertionError("the shell does not begin well: " + failed);
        }
    }

    private void read() {
        try (BufferedReader lines = bash.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                printed.add(line);
            }
        } catch (IOException e) {
            printed.add("cannot read what the shell prints: " + e);
        }
        printed.add(CLOSED);
    }

    /**
     * Runs a command to its end, or if it runs in the background until it has printed what is shown.
     *
     * @return what it has printed, on both outputs
     * @throws IOException if it does not come to that in time; says what it has printed until then
     */
    List<String> run(String command, List<String> shown) throws Exception {
        boolean background = command.endsWith("&");
        // A service that is told to end has the time to say goodbye; others run on. In a function, so that whom the
        // command names is
        // asked once: a file with a process number may be gone with its process.
        String ending = command.startsWith("kill ") ? "kill() { command kill \"$@\"; wait \"$@\" 2>/dev/null; }; " : "";
        commands.write("{ " + ending + command + "\n} </dev/null; status=$?; unset -f kill; echo; echo '" + MARK
                + "'; (exit $status)\n");
        commands.flush();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        List<String> lines = new ArrayList<>();
        boolean over = false;
        while (!over || (background && !Shown.matches(shown, lines))) {
            String line = printed.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (line == null || line.equals(CLOSED)) {
                // What comes after would run into the same.
                throw new IOException("$ " + command + "\nprinted:\n" + String.join("\n", lines) + "\nand "
                        + (line == null ? "nothing more within " + PATIENCE_SECONDS + " s" : "the shell has ended"));
            }
            if (line.equals(MARK)) {
                over = true;
                // The mark has a line of its own whether or not the last line before it was ended.
                if (!lines.isEmpty() && lines.get(lines.size() - 1).isEmpty()) {
                    lines.remove(lines.size() - 1);
                }
            } else if (!TERMINATED.matcher(line).matches()
                    && !BLOCKED.matcher(line).find()) {
                lines.add(line);
            }
        }
        return lines;
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> all = new ArrayList<>(bash.descendants().toList());
        all.add(bash.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle process : all) {
            process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        }
        namespace.close();
    }
}
