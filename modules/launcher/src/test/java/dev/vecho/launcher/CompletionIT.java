package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What shells complete. */
class CompletionIT {

    /** Types a line and then the key Tab in a shell that thinks it has a terminal, and reads until something is shown. */
    private static final String TYPE = """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "PS1=; unsetopt zle_bracketed_paste; fpath=($1 \\$fpath); autoload -U compinit; compinit -u -D; echo be''gin"
            zpty -r shell all '*begin*'
            zpty -w -n shell "$2"$'\\t'
            zpty -r shell all "*$3*"
            print -r -- "$all"
            zpty -d shell
            """;

    @TempDir
    Path directory;

    private Path script(String shell, String name) throws Exception {
        Vecho.Result printed = Vecho.run("completion", shell);
        assertThat(printed.exitCode()).as(printed.err()).isZero();
        return Files.writeString(directory.resolve(name), printed.out());
    }

    @Test
    void bashCompletesCommandsOptionsAndValues() throws Exception {
        ForeignProgram bash = ForeignProgram.find("bash", "apt-get install bash");
        Path script = script("bash", "vecho");
        assertThat(completedByBash(bash, script, "vecho", "che")).containsExactly("check");
        assertThat(completedByBash(bash, script, "vecho", "check", "--cou")).containsExactly("--count");
        assertThat(completedByBash(bash, script, "vecho", "check", "--output", "js"))
                .containsExactly("json", "jsonl");
        assertThat(completedByBash(bash, script, "vecho", "--log-level", "w")).containsExactly("warn");
        Files.writeString(directory.resolve("my.json"), "{}");
        assertThat(completedByBash(bash, script, "vecho", "check", "--script", directory + "/my"))
                .containsExactly(directory + "/my.json");
    }

    /** compopt works only where bash itself asks. */
    private List<String> completedByBash(ForeignProgram bash, Path script, String... words) throws Exception {
        String complete = "source " + script
                + "; compopt() { :; }; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=\"$*\";"
                + " COMP_POINT=${#COMP_LINE}; _complete_vecho; printf '%s\\n' \"${COMPREPLY[@]}\"";
        String[] arguments = new String[words.length + 3];
        arguments[0] = "-c";
        arguments[1] = complete;
        arguments[2] = "bash";
        System.arraycopy(words, 0, arguments, 3, words.length);
        ForeignProgram.Result result = bash.run(new byte[0], arguments);
        assertThat(result.err()).isEmpty();
        return result.text().lines().map(String::strip).sorted().toList();
    }

    @Test
    void zshCompletesCommandsOptionsAndValues() throws Exception {
        ForeignProgram zsh = ForeignProgram.find("zsh", "apt-get install zsh");
        script("zsh", "_vecho");
        completedByZsh(zsh, "vecho che", "ck");
        completedByZsh(zsh, "vecho check --insec", "ure");
        completedByZsh(zsh, "vecho check --output j", "jsonl");
        completedByZsh(zsh, "vecho completion ", "zsh");
    }

    /** What is inserted, or shown to choose from. */
    private void completedByZsh(ForeignProgram zsh, String line, String expected) throws Exception {
        ForeignProgram.Result result =
                zsh.run(new byte[0], "-f", "-c", TYPE, "zsh", directory.toString(), line, expected);
        assertThat(result.text()).as(result.err()).contains(expected);
    }
}
