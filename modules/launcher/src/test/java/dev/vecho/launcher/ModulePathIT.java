package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The artifacts in an application of somebody else's, with modules and without, and with nothing of Vert.x opened to them. */
final class ModulePathIT {

    private static final Path SOURCES = Path.of("../bom/consumer/src");

    private static final Pattern WANTED = Pattern.compile(
            "vecho-(core|net|server|client|services|transport-.*)-[0-9].*|netty-(?!pkitesting).*|vertx-(core|core-logging|config)-[0-9].*"
                    + "|jackson-core-.*|jspecify-.*|HdrHistogram-.*|slf4j-api-.*");

    private static final String[] TRANSPORTS = {"tcp", "udp", "http", "websocket", "eventbus"};

    @TempDir
    Path directory;

    private static String jars() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(jar ->
                        WANTED.matcher(Path.of(jar).getFileName().toString()).matches())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private List<String> run(boolean modules) throws Exception {
        Path classes = directory.resolve("classes");
        String path = modules ? "--module-path" : "--class-path";
        List<String> compile = new ArrayList<>(List.of(path, jars(), "-d", classes.toString()));
        compile.add(SOURCES.resolve("example/Consumer.java").toString());
        if (modules) {
            compile.add(SOURCES.resolve("module-info.java").toString());
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, compile.toArray(String[]::new)))
                .as("javac")
                .isZero();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(path, classes + File.pathSeparator + jars()));
        if (modules) {
            command.addAll(
                    List.of("--add-modules", "ALL-MODULE-PATH", "--module", "example.consumer/example.Consumer"));
        } else {
            command.add("example.Consumer");
        }
        command.addAll(List.of(TRANSPORTS));
        Path out = directory.resolve("out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            assertThat(process.waitFor(170, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        String printed = Files.readString(out, UTF_8);
        assertThat(process.exitValue()).as(printed).isZero();
        return printed.lines().filter(line -> !line.startsWith("SLF4J")).toList();
    }

    private static void assertAllPassed(List<String> printed) {
        assertThat(printed).anyMatch(line -> line.startsWith("nio ")).anyMatch(line -> line.startsWith("epoll "));
        for (String transport : TRANSPORTS) {
            assertThat(printed)
                    .filteredOn(line -> line.contains(" " + transport + " "))
                    .isNotEmpty()
                    .allMatch(line -> line.endsWith(" true 42 bytes"));
        }
    }

    @Test
    void runsWithModules() throws Exception {
        List<String> printed = run(true);
        assertAllPassed(printed);
        assertThat(printed).last().isEqualTo("modules: true true true");
    }

    @Test
    void runsWithoutModules() throws Exception {
        List<String> printed = run(false);
        assertAllPassed(printed);
        assertThat(printed).last().isEqualTo("modules: false false false");
    }
}
