package dev.vecho.testkit.torture;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What tells afterwards why something stands still. */
final class Evidence {

    private Evidence() {}

    /**
     * Writes down what the service and its clients do at this moment.
     *
     * @return the directory
     */
    static Path gather(Service service, Path directory, String name) throws Exception {
        Path where = Files.createDirectories(directory.resolve(name.replaceAll("[^A-Za-z0-9]+", "-")));
        // First its own: to ask the service takes time.
        StringBuilder own = new StringBuilder();
        for (Map.Entry<Thread, StackTraceElement[]> thread :
                Thread.getAllStackTraces().entrySet()) {
            own.append(thread.getKey()).append('\n');
            for (StackTraceElement element : thread.getValue()) {
                own.append("    ").append(element).append('\n');
            }
        }
        Files.writeString(where.resolve("client-threads.txt"), own);
        Files.writeString(where.resolve("sockets.txt"), Usage.output(List.of("ss", "-atuxinmp")));
        Files.writeString(where.resolve("service-threads.txt"), service.threads());
        Files.writeString(where.resolve("service-usage.txt"), service.usage().toString());
        Files.writeString(
                where.resolve("service-strace.txt"),
                Usage.output(List.of(
                        "timeout",
                        "2",
                        "strace",
                        "-f",
                        "-tt",
                        "-e",
                        "trace=desc,network",
                        "-p",
                        Long.toString(service.pid()))));
        return where;
    }
}
