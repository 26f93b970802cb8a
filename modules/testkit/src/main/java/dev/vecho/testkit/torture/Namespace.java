package dev.vecho.testkit.torture;

import java.io.BufferedReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a torture as a process of its own in a network namespace of its own, which ends with it. */
final class Namespace {

    /** The property that tells it that it is in there. */
    static final String INSIDE = Settings.PREFIX + ".inside";

    private Namespace() {}

    /** Runs it with this process's properties and class path. */
    static List<String> run(PrintStream out) throws Exception {
        List<String> command = new ArrayList<>(LossyLink.namespace());
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Dio.netty.allocator.type=pooled");
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("vecho."))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.add("-D" + INSIDE + "=true");
        command.addAll(
                List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
        command.add(Torture.class.getName());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Thread end = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(end);
        List<String> found = new ArrayList<>();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                out.println(line);
                if (line.startsWith("FOUND ")) {
                    found.add(line.substring(6));
                }
            }
            int exitCode = process.waitFor();
            if (exitCode != 0 && found.isEmpty()) {
                found.add("the torture in its namespace ended with " + exitCode);
            }
        } finally {
            process.destroyForcibly();
            Runtime.getRuntime().removeShutdownHook(end);
        }
        return found;
    }
}
