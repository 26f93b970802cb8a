package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;

/** The documentation has one table of exit codes, and the help of each command has the same. */
class ExitCodesTest {

    private static final Path PAGE = Path.of("..", "..", "docs", "reports.md");
    private static final int CODES = 4;

    @Test
    void areTheSameInTheHelpOfEachCommandAndInTheTable() throws Exception {
        Map<String, List<String>> helps = new TreeMap<>();
        for (Class<?> type : Main.commands().values()) {
            Command command = type.getAnnotation(Command.class);
            assertThat(command.exitCodeListHeading()).as(command.name()).isEqualTo(Main.EXIT_CODES);
            helps.put("`" + command.name() + "`", meanings(command.exitCodeList()));
        }
        Map<String, List<String>> table = new TreeMap<>();
        boolean within = false;
        for (String line : Files.readAllLines(PAGE)) {
            within = line.equals("| command | 0 | 1 | 2 | 3 |") || (within && line.startsWith("|"));
            List<String> cells =
                    Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
            if (within && cells.get(1).startsWith("`")) {
                table.put(cells.get(1), cells.subList(2, 2 + CODES));
            }
        }
        assertThat(table).isEqualTo(helps);
    }

    /** By code; nothing for a code that a command never ends with. */
    private static List<String> meanings(String... codes) {
        List<String> meanings = new ArrayList<>(List.of("", "", "", ""));
        for (String code : codes) {
            int colon = code.indexOf(':');
            meanings.set(Integer.parseInt(code.substring(0, colon)), code.substring(colon + 1));
        }
        return meanings;
    }
}
