package dev.vecho.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The manual page of a command, man(7), from the same model as its help. */
final class ManPage {

    private static final int WIDTH = 8192;

    private final CommandSpec command;
    private final Help help;
    private final StringBuilder page = new StringBuilder();

    ManPage(CommandLine commandLine) {
        command = commandLine.getCommandSpec();
        // Nothing is to be wrapped here: man knows how wide the terminal is.
        command.usageMessage().width(WIDTH);
        help = new Help(command, Help.defaultColorScheme(Ansi.OFF));
    }

    /** Such as {@code vecho-check}. */
    String name() {
        return command.qualifiedName("-");
    }

    /** The commands of a command with their pages, itself first. */
    static List<ManPage> all(CommandLine root) {
        return Stream.concat(Stream.of(root), visible(root)).map(ManPage::new).toList();
    }

    private static Stream<CommandLine> visible(CommandLine commandLine) {
        return commandLine.getSubcommands().values().stream()
                .filter(each -> !each.getCommandSpec().usageMessage().hidden());
    }

    /** Its source. */
    @Override
    public String toString() {
        page.setLength(0);
        line(".TH " + name().toUpperCase(Locale.ROOT) + " 1 \"\" \"" + version() + "\" \"Vecho\"");
        line(".nh");
        line(".ad l");
        List<String> description = texts(command.usageMessage().description());
        line(".SH NAME");
        text(name() + " - " + description.get(0).replaceFirst("\\.$", ""));
        line(".SH SYNOPSIS");
        line(".B " + escaped(command.qualifiedName()));
        text(help.synopsis(0)
                .strip()
                .replaceAll("\\s+", " ")
                .substring(command.qualifiedName().length()));
        line(".SH DESCRIPTION");
        text(String.join(" ", description));
        arguments(".SH ARGUMENTS", command.positionalParameters());
        List<OptionSpec> grouped = command.argGroups().stream()
                .filter(group -> group.heading() != null)
                .flatMap(group -> group.allOptionsNested().stream())
                .toList();
        arguments(
                ".SH OPTIONS",
                command.options().stream()
                        .filter(option -> !grouped.contains(option))
                        .toList());
        for (ArgGroupSpec group : command.argGroups()) {
            if (group.heading() != null) {
                String heading = format(group.heading()).strip().replaceFirst(":$", "");
                arguments(".SS " + escaped(heading), group.allOptionsNested());
            }
        }
        commands();
        exitCodes();
        seeAlso();
        return page.toString();
    }

    private static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "Vecho" : "Vecho " + version;
    }

    private void arguments(String heading, List<? extends ArgSpec> arguments) {
        List<? extends ArgSpec> shown =
                arguments.stream().filter(each -> !each.hidden()).toList();
        if (!shown.isEmpty()) {
            line(heading);
            shown.forEach(each -> entry(label(each), texts(each.description())));
        }
    }

    private String label(ArgSpec argument) {
        String value = help.parameterLabelRenderer()
                .renderParameterLabel(argument, Ansi.OFF, List.of())
                .toString();
        return argument instanceof OptionSpec option ? String.join(", ", option.names()) + value : value;
    }

    private void commands() {
        List<CommandLine> commands = visible(command.commandLine()).toList();
        if (!commands.isEmpty()) {
            line(".SH COMMANDS");
            for (CommandLine each : commands) {
                CommandSpec spec = each.getCommandSpec();
                entry(spec.name(), texts(spec.usageMessage().description()).subList(0, 1));
            }
        }
    }

    private void exitCodes() {
        line(".SH EXIT STATUS");
        command.usageMessage().exitCodeList().forEach((code, meaning) -> entry(code, texts(meaning)));
    }

    private void seeAlso() {
        CommandLine root = command.root().commandLine();
        line(".SH SEE ALSO");
        line(all(root).stream()
                .map(ManPage::name)
                .filter(name -> !name.equals(name()))
                .map(name -> "\\fB" + escaped(name) + "\\fP(1)")
                .collect(Collectors.joining(",\n")));
    }

    private void entry(String term, List<String> meaning) {
        line(".TP");
        line(".B " + escaped(term));
        text(String.join(" ", meaning));
    }

    private void text(String text) {
        String escaped = escaped(text.strip());
        line(escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped);
    }

    private void line(String line) {
        page.append(line).append('\n');
    }

    private static List<String> texts(String... lines) {
        List<String> texts = new ArrayList<>();
        for (String line : lines) {
            texts.add(format(line).strip().replaceAll("\\s+", " "));
        }
        return texts;
    }

    /** As picocli does for the help: {@code %n} and {@code %%}. */
    private static String format(String text) {
        return Ansi.OFF.string(String.format(Locale.ROOT, text));
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-");
    }
}
