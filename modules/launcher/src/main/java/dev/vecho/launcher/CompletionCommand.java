package dev.vecho.launcher;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vecho completion}: what lets a shell complete the command line. */
@Command(
        name = "completion",
        description = {
            "Prints a script that lets a shell complete commands, options and files.",
            "Such as: source <(vecho completion bash)"
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the script was printed", "2:wrong usage", Main.ITSELF_FAILED})
final class CompletionCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
    private Shell shell = Shell.BASH;

    /** Whose completion. */
    enum Shell {
        BASH,
        ZSH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    public void run() {
        CommandSpec own = Objects.requireNonNull(spec);
        CommandLine root = own.root().commandLine();
        PrintWriter out = own.commandLine().getOut();
        out.print(
                switch (shell) {
                    case BASH -> AutoComplete.bash(own.root().name(), root);
                    case ZSH -> new ZshCompletion(root).toString();
                });
    }
}
