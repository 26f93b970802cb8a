package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.ForeignProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The manual pages, as {@code man} shows them. */
class ManIT {

    @TempDir
    Path directory;

    @Test
    void sayTheSameAsTheHelp() throws Exception {
        ForeignProgram man = ForeignProgram.find("man", "apt-get install man-db");
        assertThat(Vecho.run("man", "--directory", directory.toString()).exitCode())
                .isZero();
        List<Path> pages;
        try (Stream<Path> files = Files.list(directory)) {
            pages = files.sorted().toList();
        }
        assertThat(pages).hasSize(commands().size() + 1);
        for (Path page : pages) {
            String command = page.getFileName().toString().replaceFirst("^vecho-?(.*)\\.1$", "$1");
            ForeignProgram.Result shown = man.run(new byte[0], "--warnings", "--encoding=UTF-8", "-l", page.toString());
            assertThat(shown.err()).as(command).isEmpty();
            // Bold and underlined, as terminals without escapes do it.
            String text = shown.text().replaceAll(".\b", "");
            Result help = command.isEmpty() ? Vecho.run("--help") : Vecho.run(command, "--help");
            assertThat(options(text)).as(command).containsAll(options(help.out()));
            assertThat(words(text)).as(command).containsAll(words(help.out()));
        }
    }

    @Test
    void printsOnePage() throws Exception {
        Result printed = Vecho.run("man", "check");
        assertThat(printed.out()).startsWith(".TH VECHO-CHECK 1 ");
        Result unknown = Vecho.run("man", "chek");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).startsWith("COMMAND: must be one of serve, ");
    }

    private static Set<String> commands() throws Exception {
        return Vecho.run("--help")
                .out()
                .lines()
                .dropWhile(line -> !line.startsWith("Commands:"))
                .skip(1)
                .takeWhile(line -> line.startsWith("  "))
                .filter(line -> line.matches("  \\S.*"))
                .map(line -> line.strip().split(" ", -1)[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> options(String text) {
        return Pattern.compile("(?<![\\w-])--?[a-zA-Z][\\w-]*")
                .matcher(text)
                .results()
                .map(found -> found.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Without those of the headings. */
    private static Set<String> words(String text) {
        return Pattern.compile("[a-zA-Z0-9]{2,}")
                .matcher(text.replaceAll("(?m)^(Usage|Commands|Exit codes):.*", ""))
                .results()
                .map(found -> found.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
