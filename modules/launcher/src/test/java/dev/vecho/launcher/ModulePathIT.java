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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The artifacts in an application of somebody else's, with modules and without, and with nothing of Vert.x opened to them. */
final class ModulePathIT {

    private static final Path SOURCES = Path.of("../bom/consumer/src");

    /** What an embedding application has: no command line, no Hazelcast, no logback. */
    private static final Pattern WANTED = Pattern.compile(
            "vecho-(?!launcher|testkit|picocli).*|netty-.*|vertx-(core|core-logging|config|health-check)-[0-9].*"
                    + "|(jackson-core|jspecify|HdrHistogram|LatencyUtils|slf4j-api|bc[a-z]+|protobuf-javalite|uplot)-.*"
                    + "|(micrometer|prometheus-metrics)-.*");

    /** What shows the log; who has no binding of SLF4J sees none. */
    private static final Pattern LOG = Pattern.compile("logback-(core|classic)-.*");

    private static final List<String> TRANSPORTS =
            List.of("tcp", "tls", "unix", "udp", "http", "websocket", "eventbus", "quic", "http3");

    /** Listeners that lose a byte of the 42. */
    private static final List<String> LOSING = List.of("bad-quic", "bad-http3");

    private static final String MAIN = "example.Consumer";

    @TempDir
    Path directory;

    private static String jars() {
        return jars(WANTED);
    }

    private static String jars(Pattern wanted) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(jar ->
                        wanted.matcher(Path.of(jar).getFileName().toString()).matches())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private Path compile(boolean modules) {
        Path classes = directory.resolve("classes");
        List<String> compile =
                new ArrayList<>(List.of(modules ? "--module-path" : "--class-path", jars(), "-d", classes.toString()));
        compile.add(SOURCES.resolve("example/Consumer.java").toString());
        if (modules) {
            compile.add(SOURCES.resolve("module-info.java").toString());
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, compile.toArray(String[]::new)))
                .as("javac")
                .isZero();
        return classes;
    }

    private List<String> run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(arguments));
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

    private static String[] with(String... first) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(TRANSPORTS);
        all.addAll(LOSING);
        all.addAll(List.of("management", "checks", "load"));
        return all.toArray(String[]::new);
    }

    private static void assertAllPassed(List<String> printed) {
        String all = String.join("\n", printed);
        for (String io : List.of("nio", "epoll", "io_uring")) {
            if (io.equals("io_uring") && printed.stream().noneMatch(line -> line.startsWith(io))) {
                // Not every kernel has it, and its native library is in no module that the application requires.
                continue;
            }
            String way = io.equals("epoll") ? "direct" : "pipeline";
            for (String transport : TRANSPORTS) {
                if (transport.equals("unix") && !io.equals("epoll")) {
                    continue;
                }
                assertThat(printed).as(all).contains(io + " " + transport + " " + way + " true 42 bytes");
            }
            for (String losing : LOSING) {
                assertThat(printed).as(all).contains(io + " " + losing + " " + way + " false 41 bytes");
            }
            assertThat(printed)
                    .as(all)
                    .contains(io + " quic half-closed true")
                    .contains(io + " http3 half-closed true")
                    .contains(io + " quic streams true")
                    .contains(io + " management true")
                    .contains(io + " checks bad failing")
                    .contains(io + " load true")
                    .contains(io + " bad false page true");
        }
    }

    @Test
    void runsWithModules() throws Exception {
        Path classes = compile(true);
        List<String> printed = run(
                with("--module-path", classes + File.pathSeparator + jars(), "--module", "example.consumer/" + MAIN));
        assertAllPassed(printed);
        assertThat(printed).last().isEqualTo("modules: true true true");
    }

    @Test
    void runsWithoutModules() throws Exception {
        Path classes = compile(false);
        List<String> printed = run(with("--class-path", classes + File.pathSeparator + jars(), MAIN));
        assertAllPassed(printed);
        assertThat(printed).last().isEqualTo("modules: false false false");
    }

    /** What it says is what helps. */
    @Test
    void saysOnceWhatTheMetricsOfVertxNeed() throws Exception {
        Path classes = compile(true);
        String modulePath = String.join(File.pathSeparator, classes.toString(), jars(), jars(LOG));
        String[] main = {"-p", modulePath, "-m", "example.consumer/" + MAIN, "tcp", "tls", "http", "metrics"};
        List<String> warnings = warnings(run(main));
        assertThat(warnings).hasSize(1);
        Matcher advice = Pattern.compile("--add-exports (\\S+)$").matcher(warnings.get(0));
        assertThat(advice.find()).as(warnings.get(0)).isTrue();
        assertThat(warnings.get(0)).contains("the metrics of Vert.x").contains("no bytes of connections");
        assertThat(warnings(run(concat(new String[] {"--add-exports", advice.group(1)}, main))))
                .isEmpty();
        String[] others = {"-p", modulePath, "-m", "example.consumer/" + MAIN, "tcp", "tls", "http"};
        assertThat(warnings(run(others))).as("without metrics").isEmpty();
    }

    private static List<String> warnings(List<String> printed) {
        return printed.stream()
                .filter(line -> line.contains(" WARN ") && line.contains("dev.vecho."))
                .toList();
    }

    private static String[] concat(String[] first, String[] second) {
        return Stream.concat(Stream.of(first), Stream.of(second)).toArray(String[]::new);
    }
}
