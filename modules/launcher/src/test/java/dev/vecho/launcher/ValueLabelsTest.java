package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What the help shows in the place of an option's value. */
final class ValueLabelsTest {

    private static List<OptionSpec> options() {
        List<OptionSpec> options =
                new ArrayList<>(new CommandLine(Main.class).getCommandSpec().options());
        Main.commands()
                .values()
                .forEach(command ->
                        options.addAll(new CommandLine(command).getCommandSpec().options()));
        return options;
    }

    @Test
    void sayWhatThereIs() {
        List<OptionSpec> outputs = options().stream()
                .filter(option -> option.longestName().equals("--output"))
                .toList();
        assertThat(outputs).hasSize(5);
        for (OptionSpec option : options()) {
            if (option.completionCandidates() != null && option.type().isEnum()) {
                assertThat(option.paramLabel())
                        .as(option.longestName())
                        .isEqualTo(String.join(
                                "|",
                                StreamSupport.stream(
                                                option.completionCandidates().spliterator(), false)
                                        .toList()));
            }
        }
    }

    /** A name of a field in angle brackets is picocli's, where nobody has chosen one. */
    @Test
    void areChosen() {
        assertThat(options())
                .filteredOn(option -> option.arity().max() > 0)
                .extracting(OptionSpec::paramLabel)
                .noneMatch(label -> label.contains("<"));
    }
}
