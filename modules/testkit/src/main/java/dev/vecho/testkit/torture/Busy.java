package dev.vecho.testkit.torture;

import java.util.ArrayList;
import java.util.List;

/** Processes that keep the processors busy, as long as it is open. */
final class Busy implements AutoCloseable {

    private final List<Process> processes = new ArrayList<>();

    Busy(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            // It ends by itself should nobody end it.
            processes.add(new ProcessBuilder("timeout", "7200", "sh", "-c", "while :; do :; done").start());
        }
    }

    @Override
    public void close() {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
