package dev.vecho.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of the documentation, in Markdown. Its fenced blocks are what {@link DocumentationIT} runs:
 *
 * <ul>
 *   <li>{@code console}: a session of a shell. A line that begins with a dollar and a blank is a command, and goes on in the
 *       next line if it ends with a backslash; what follows is what it prints. One that ends with {@code &} is waited for until
 *       it has printed what is shown.
 *   <li>any language and a file name: a file, which the commands after it find.
 *   <li>{@code text} and {@code mermaid}: neither.
 *   <li>anything after a comment {@code <!-- not run: reason -->}: not run.
 * </ul>
 */
record Page(Path file, List<String> lines, List<Block> blocks) {

    private static final Pattern FENCE = Pattern.compile("```(\\S*) ?(.*)");
    private static final Pattern NOT_RUN = Pattern.compile("<!-- not run: .+ -->");
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.+)");
    private static final Pattern LINK = Pattern.compile("!?\\[[^\\]]*]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /**
     * A fenced block.
     *
     * @param first the index of the line after its beginning
     * @param last the index of the line that ends it
     * @param run whether it is not excused
     */
    record Block(String language, String name, int first, int last, boolean run) {

        boolean isConsole() {
            return language.equals("console");
        }

        boolean isFile() {
            return !name.isEmpty();
        }
    }

    /**
     * A command of a block.
     *
     * @param first the index of the first line of what it prints
     * @param last the index of the line after that
     */
    record Command(String text, int first, int last) {}

    static Page read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            if (fence.matches()) {
                int end = i + 1;
                while (end < lines.size() && !lines.get(end).equals("```")) {
                    end++;
                }
                if (end == lines.size()) {
                    throw new AssertionError(file + ":" + (i + 1) + ": the block does not end");
                }
                boolean run = i == 0 || !NOT_RUN.matcher(lines.get(i - 1)).matches();
                blocks.add(new Block(fence.group(1), fence.group(2).strip(), i + 1, end, run));
                i = end;
            }
        }
        return new Page(file, lines, blocks);
    }

    List<String> content(Block block) {
        return lines.subList(block.first(), block.last());
    }

    /** The commands of a block of kind {@code console}. */
    List<Command> commands(Block block) {
        List<Command> commands = new ArrayList<>();
        int i = block.first();
        while (i < block.last()) {
            if (!lines.get(i).startsWith("$ ")) {
                throw new AssertionError(place(i) + ": expected a command, found: " + lines.get(i));
            }
            StringBuilder text = new StringBuilder(lines.get(i++).substring(2));
            while (text.charAt(text.length() - 1) == '\\') {
                text.setLength(text.length() - 1);
                text.append(lines.get(i++).strip());
            }
            int first = i;
            while (i < block.last() && !lines.get(i).startsWith("$ ")) {
                i++;
            }
            commands.add(new Command(text.toString(), first, i));
        }
        return commands;
    }

    /** Where a line is, for messages. */
    String place(int line) {
        return file + ":" + (line + 1);
    }

    /** The headings, as GitHub names them in links. */
    Set<String> anchors() {
        Set<String> anchors = new HashSet<>();
        Map<String, Integer> seen = new HashMap<>();
        for (String line : prose()) {
            Matcher heading = HEADING.matcher(line);
            if (heading.matches()) {
                String anchor = heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                        .replace(' ', '-');
                int count = seen.merge(anchor, 1, Integer::sum);
                anchors.add(count == 1 ? anchor : anchor + "-" + (count - 1));
            }
        }
        return anchors;
    }

    /** What its links lead to, but for those to other sites. */
    List<String> links() {
        return found(LINK).stream()
                .filter(link -> !link.startsWith("https:") && !link.startsWith("http:"))
                .toList();
    }

    /** What stands between backticks. */
    List<String> code() {
        return found(CODE);
    }

    private List<String> found(Pattern pattern) {
        return pattern.matcher(String.join("\n", prose()))
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    /** The lines outside of all blocks. */
    private List<String> prose() {
        List<String> prose = new ArrayList<>(lines);
        for (Block block : blocks) {
            for (int i = block.first() - 1; i <= block.last(); i++) {
                prose.set(i, "");
            }
        }
        return prose;
    }
}
