package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** File names beyond ASCII in the locale C, where Java cannot use them. */
final class LocaleIT {

    private static final Map<String, String> C = Map.of("LC_ALL", "C");
    private static final String ADVICE = "set the environment variable LC_ALL=C.UTF-8";

    @TempDir
    Path directory;

    /** A shell writes the name in UTF-8, whatever the locale of this process. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve -c /tmp/NAME.json",
                "check -s /tmp/NAME.json",
                "check tcp://127.0.0.1:1 --report /tmp/NAME.json",
                "check tls://127.0.0.1:1 --trust /tmp/NAME.pem",
                "check unix:///tmp/NAME.sock",
                "check tcp://NAME.invalid:7"
            })
    void saysWhatToDoAboutArguments(String command) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String shell = "name=$(printf '\\303\\274'); \"$0\" -jar \"$1\" " + command.replace("NAME", "\"$name\"");
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", shell, java, Vecho.JAR).redirectErrorStream(true);
        builder.environment().putAll(C);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(process.waitFor()).as(out).isEqualTo(2);
        assertThat(out.lines())
                .singleElement()
                .asString()
                .startsWith("argument ")
                .contains(ADVICE);
    }

    @Test
    void saysWhatToDoAboutNamesInAConfiguration() throws Exception {
        Path config = Files.writeString(directory.resolve("vecho.json"), """
                { "listeners": {
                  "unix": { "transport": "unix", "path": "\\u00fc.sock" },
                  "tls": { "port": 0, "tls": { "certificate": "\\u00fc.pem", "key": "\\u00fc.key" } } } }
                """);
        try (Vecho vecho = Vecho.start(C, List.of(), "serve", "-c", config.toString())) {
            Vecho.Result result = vecho.await();
            assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
            for (String key : List.of("unix.path", "tls.tls.certificate", "tls.tls.key")) {
                assertThat(result.err().lines())
                        .anyMatch(line -> line.contains("listeners." + key + ": ") && line.contains(ADVICE));
            }
        }
    }
}
