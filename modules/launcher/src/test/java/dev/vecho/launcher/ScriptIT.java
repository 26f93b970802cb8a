package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code vecho} as a user runs it, in a directory with a space in its name, beside a jar that is built. */
class ScriptIT {

    @TempDir
    private Path directory;

    private Path target;
    private ForeignProgram shell;

    @BeforeEach
    void copy() throws Exception {
        Path home = directory.resolve("the checkout");
        Path module = home.resolve("modules/launcher");
        target = module.resolve("target");
        Files.createDirectories(target);
        Files.createDirectories(module.resolve("src/main"));
        Files.copy(Path.of("../../vecho"), home.resolve("vecho"));
        Files.writeString(home.resolve("pom.xml"), "");
        Files.writeString(module.resolve("pom.xml"), "");
        Files.copy(Path.of(Vecho.JAR), target.resolve("vecho.jar"));
        shell = ForeignProgram.find("sh", "it is part of every Unix");
    }

    private Result vecho(String... arguments) throws Exception {
        return shell.run(
                new byte[0],
                Stream.concat(Stream.of(directory.resolve("the checkout/vecho").toString()), Stream.of(arguments))
                        .toArray(String[]::new));
    }

    private List<Path> archives() throws Exception {
        try (Stream<Path> files = Files.walk(target)) {
            return files.filter(file -> file.toString().endsWith(".jsa")).toList();
        }
    }

    @Test
    void makesAnArchiveOfClassesOnceForEachBuild() throws Exception {
        Result first = vecho("--version");
        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(first.text()).startsWith("vecho ");
        assertThat(first.err()).isEmpty();
        assertThat(archives()).hasSize(1);
        Path archive = archives().get(0);
        FileTime made = Files.getLastModifiedTime(archive);

        Result second = vecho("check", "-t", "1s", "tcp://127.0.0.1:1");
        assertThat(second.exitCode()).as(second.text() + second.err()).isEqualTo(1);
        assertThat(second.text()).contains("FAILED refused");
        assertThat(second.err()).isEmpty();
        assertThat(Files.getLastModifiedTime(archive)).isEqualTo(made);

        Files.setLastModifiedTime(target.resolve("vecho.jar"), FileTime.fromMillis(made.toMillis() + 1000));
        assertThat(vecho("--version").exitCode()).isZero();
        assertThat(archives()).singleElement().isNotEqualTo(archive);
    }

    @Test
    void ignoresAnArchiveThatIsBroken() throws Exception {
        vecho("--version");
        Path archive = archives().get(0);
        Files.delete(archive);
        Files.writeString(archive, "no archive");
        Result result = vecho("--version");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.text()).startsWith("vecho ");
        assertThat(result.err()).isEmpty();
    }
}
