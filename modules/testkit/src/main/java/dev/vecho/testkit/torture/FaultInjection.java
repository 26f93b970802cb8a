package dev.vecho.testkit.torture;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Makes system calls of the service fail, as long as it is open, by strace. */
final class FaultInjection implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 30;

    private final Process strace;

    private FaultInjection(Process strace) {
        this.strace = strace;
    }

    /**
     * Attaches.
     *
     * @param faults such as {@code accept4:error=EMFILE:when=10+50}
     */
    static FaultInjection attach(long pid, List<String> faults, Path directory) throws Exception {
        List<String> command = new ArrayList<>(List.of("strace", "-f", "-p", Long.toString(pid), "-o"));
        command.add(directory.resolve("strace.out").toString());
        List<String> calls = faults.stream()
                .map(fault -> fault.substring(0, fault.indexOf(':')))
                .distinct()
                .toList();
        command.addAll(List.of("-e", "trace=" + String.join(",", calls)));
        for (String fault : faults) {
            command.addAll(List.of("-e", "inject=" + fault));
        }
        Process strace = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("strace.err").toFile())
                .start();
        FaultInjection attached = new FaultInjection(strace);
        // It says that it has attached to the threads before it injects anything.
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
                !java.nio.file.Files.readString(directory.resolve("strace.err")).contains("attached"); ) {
            if (!strace.isAlive() || System.nanoTime() > end) {
                attached.close();
                throw new IOException(
                        "strace does not attach: " + java.nio.file.Files.readString(directory.resolve("strace.err")));
            }
            Play.pause(50);
        }
        return attached;
    }

    /** Detaches. */
    @Override
    public void close() {
        strace.toHandle().destroy();
        try {
            strace.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            strace.destroyForcibly();
        }
    }
}
