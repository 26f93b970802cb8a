package dev.vecho.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vecho man}: manual pages. */
@Command(
        name = "man",
        description = {
            "Prints the manual page of Vecho or of a command, for man.",
            "Such as: vecho man check | man -l -"
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the page was printed or written", "2:wrong usage", Main.ITSELF_FAILED})
final class ManCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "COMMAND", arity = "0..1", description = "Default: the page of vecho itself.")
    private @Nullable String command;

    @Option(
            names = "--directory",
            paramLabel = "DIRECTORY",
            description = "Writes all pages into a directory, as vecho.1, vecho-serve.1 and so on.")
    private @Nullable Path directory;

    @Override
    public void run() {
        CommandSpec own = Objects.requireNonNull(spec);
        List<ManPage> pages = ManPage.all(own.root().commandLine());
        if (directory != null) {
            if (command != null) {
                throw new ParameterException(own.commandLine(), "--directory: cannot be combined with a command");
            }
            write(pages, directory);
            return;
        }
        String name = command == null ? own.root().name() : own.root().name() + "-" + command;
        ManPage found = pages.stream()
                .filter(page -> page.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        own.commandLine(),
                        "COMMAND: must be one of "
                                + own.root().subcommands().keySet().stream().collect(Collectors.joining(", "))
                                + ", was \""
                                + command + "\""));
        own.commandLine().getOut().print(found);
    }

    private static void write(List<ManPage> pages, Path directory) {
        try {
            Files.createDirectories(directory);
            for (ManPage page : pages) {
                Files.writeString(directory.resolve(page.name() + ".1"), page.toString());
            }
        } catch (IOException e) {
            throw new OwnFailure(
                    "--directory: " + directory + ": cannot be written: " + OwnFailure.reasonWithoutFile(e), e);
        }
    }
}
