package dev.vecho.testkit.torture;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A bad network within the network namespace of this process, which must be one of its own: {@link #namespace}. Nothing is
 * left of either when the processes have ended.
 */
final class LossyLink implements AutoCloseable {

    /** What the service binds. */
    static final String SERVER = "10.9.0.1";

    /** What clients connect to. */
    static final String DIAL = "10.9.0.2";

    private final Process link;

    private LossyLink(Process link) {
        this.link = link;
    }

    /** What goes before a command to run it in a network namespace of its own. */
    static List<String> namespace() {
        return List.of("unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh");
    }

    /**
     * Begins.
     *
     * @param seed decides which packets get lost
     */
    static LossyLink open(Settings.Link link, long seed, Path directory) throws Exception {
        Path script = directory.resolve("lossy_link.py");
        try (InputStream in = LossyLink.class.getResourceAsStream("lossy_link.py")) {
            Files.copy(java.util.Objects.requireNonNull(in), script);
        }
        List<String> command = new ArrayList<>(List.of("python3", script.toString(), Long.toString(seed)));
        command.addAll(List.of(
                Double.toString(link.lossPercent()),
                Double.toString(link.duplicatePercent()),
                Double.toString(link.reorderPercent()),
                Integer.toString(link.delayMillis()),
                Integer.toString(link.mtu())));
        Process process = new ProcessBuilder(command)
                .redirectError(directory.resolve("link.err").toFile())
                .start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        if (!"ready".equals(out.readLine())) {
            process.destroyForcibly();
            throw new IOException("no link: " + Files.readString(directory.resolve("link.err")));
        }
        return new LossyLink(process);
    }

    @Override
    public void close() {
        link.destroyForcibly();
    }
}
