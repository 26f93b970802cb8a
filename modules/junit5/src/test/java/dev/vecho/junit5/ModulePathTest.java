package dev.vecho.junit5;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of somebody else's, which are a module, with all that they need on the module path. */
final class ModulePathTest {

    /** What {@code vecho-junit5} brings, as jars or as what the modules beside this one were compiled to, and what runs tests. */
    private static final Pattern WANTED = Pattern.compile(".*/(?!testkit/)[a-z0-9-]+/target/classes"
            + "|.*/(vecho-(?!testkit)|netty-|vertx-(core|core-logging|config|junit5)-[0-9]|jackson-core-|jspecify-|slf4j-api-"
            + "|bc[a-z]+-|junit-|opentest4j-|apiguardian-api-).*\\.jar");

    private static final String MODULE = """
            module example.tests {
                requires dev.vecho.junit5;
                requires org.junit.platform.launcher;

                opens example.tests to
                        org.junit.platform.commons;
            }
            """;

    private static final String TESTS = """
            package example.tests;

            import static org.junit.jupiter.api.Assertions.assertEquals;
            import static org.junit.jupiter.api.Assertions.assertTrue;

            import dev.vecho.junit5.Echo;
            import dev.vecho.junit5.EchoAddress;
            import dev.vecho.junit5.Fault;
            import dev.vecho.junit5.Faults;
            import java.net.Socket;
            import org.junit.jupiter.api.Test;

            class EchoingTest {
                @Test
                void comesBack(@Echo EchoAddress echo) throws Exception {
                    assertEquals("hello", echoed(echo));
                }

                @Test
                void isCut(@Echo(faults = @Faults(toPeer = @Fault(cutAfterBytes = 2, cutWith = Fault.Cut.FIN))) EchoAddress echo) throws Exception {
                    assertEquals("he", echoed(echo));
                }

                @Test
                void isAModule() {
                    assertTrue(getClass().getModule().isNamed() && Echo.class.getModule().isNamed());
                }

                private static String echoed(EchoAddress echo) throws Exception {
                    try (Socket socket = new Socket(echo.host(), echo.port())) {
                        socket.getOutputStream().write("hello".getBytes());
                        socket.shutdownOutput();
                        return new String(socket.getInputStream().readAllBytes());
                    }
                }
            }
            """;

    private static final String MAIN = """
            package example.tests;

            import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

            import java.io.PrintWriter;
            import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
            import org.junit.platform.launcher.core.LauncherFactory;
            import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

            class Main {
                public static void main(String[] arguments) {
                    SummaryGeneratingListener found = new SummaryGeneratingListener();
                    LauncherFactory.create().execute(
                            LauncherDiscoveryRequestBuilder.request().selectors(selectClass(EchoingTest.class)).build(),
                            found);
                    found.getSummary().printFailuresTo(new PrintWriter(System.out, true));
                    System.out.println(found.getSummary().getTestsSucceededCount() + " tests passed");
                    System.exit(0);
                }
            }
            """;

    @TempDir
    Path directory;

    @Test
    void startsEchoesForTestsThatAreAModule() throws Exception {
        String jars = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(jar -> WANTED.matcher(jar).matches())
                .collect(Collectors.joining(File.pathSeparator));
        Path classes = directory.resolve("classes");
        String[] compile = {
            "--module-path",
            jars,
            "-d",
            classes.toString(),
            write("module-info.java", MODULE),
            write("EchoingTest.java", TESTS),
            write("Main.java", MAIN)
        };
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, compile))
                .as("javac")
                .isZero();
        Path out = directory.resolve("out");
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--module-path",
                        classes + File.pathSeparator + jars,
                        "--module",
                        "example.tests/example.tests.Main")
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            assertThat(java.waitFor(120, TimeUnit.SECONDS)).isTrue();
        } finally {
            java.destroyForcibly();
        }
        List<String> printed = Files.readString(out, UTF_8).lines().toList();
        assertThat(printed).as(String.join("\n", printed)).last().isEqualTo("3 tests passed");
    }

    private String write(String name, String content) throws Exception {
        return Files.writeString(directory.resolve(name), content).toString();
    }
}
