package dev.vecho.launcher;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** A function of zsh that completes the command line of Vecho, from the same model as its help. */
final class ZshCompletion {

    private final CommandLine root;

    ZshCompletion(CommandLine root) {
        this.root = root;
    }

    /** To be found as {@code _vecho} on zsh's {@code fpath}, or to be sourced. */
    @Override
    public String toString() {
        List<String> lines = new ArrayList<>();
        lines.add("#compdef vecho");
        for (CommandLine each : commands().toList()) {
            lines.add("");
            lines.add("_vecho_" + each.getCommandName() + "() {");
            lines.add("    _arguments -s -S" + specifications(each.getCommandSpec()));
            lines.add("}");
        }
        lines.add("");
        lines.add("_vecho() {");
        lines.add("    local state line curcontext=$curcontext");
        lines.add("    local -a commands=(");
        commands()
                .forEach(each -> lines.add("        "
                        + quoted(each.getCommandName() + ":"
                                + first(each.getCommandSpec().usageMessage().description()))));
        lines.add("    )");
        lines.add("    _arguments -C -s" + specifications(root.getCommandSpec())
                + " \\\n        '1:command:->command' '*::argument:->argument'");
        lines.add("    case $state in");
        lines.add("        command) _describe command commands ;;");
        lines.add("        argument)");
        lines.add("            curcontext=${curcontext%:*:*}:vecho-$words[1]:");
        lines.add("            (( $+functions[_vecho_$words[1]] )) && _vecho_$words[1]");
        lines.add("            ;;");
        lines.add("    esac");
        lines.add("}");
        lines.add("");
        lines.add("if [[ ${funcstack[1]} = _vecho ]]; then _vecho \"$@\"; else compdef _vecho vecho; fi");
        return String.join("\n", lines) + "\n";
    }

    private Stream<CommandLine> commands() {
        return root.getSubcommands().values().stream()
                .filter(each -> !each.getCommandSpec().usageMessage().hidden());
    }

    private static String specifications(CommandSpec command) {
        return Stream.concat(
                        command.options().stream()
                                .filter(option -> !option.hidden())
                                .map(ZshCompletion::option),
                        command.positionalParameters().stream().map(ZshCompletion::positional))
                .map(each -> " \\\n        " + each)
                .collect(Collectors.joining());
    }

    /** One that may be given once excludes itself by all its names. */
    private static String option(OptionSpec option) {
        String names = Arrays.stream(option.names())
                .map(name -> takesValue(option) && name.startsWith("--") ? name + "=" : name)
                .collect(Collectors.joining(","));
        String once = option.isMultiValue() ? "'*'" : quoted("(" + String.join(" ", option.names()) + ")");
        String all = option.names().length == 1 ? names : "{" + names + "}";
        String value = takesValue(option) ? ":" + escaped(option.paramLabel()) + ":" + action(option) : "";
        return once + all + quoted("[" + escaped(first(option.description())) + "]" + value);
    }

    private static boolean takesValue(OptionSpec option) {
        return option.arity().max() > 0;
    }

    private static String positional(PositionalParamSpec parameter) {
        String which = parameter.isMultiValue() ? "*:" : parameter.required() ? ":" : "::";
        return quoted(which + escaped(parameter.paramLabel()) + ":" + action(parameter));
    }

    private static String action(ArgSpec argument) {
        Class<?> type = argument.auxiliaryTypes()[0];
        if (type.isEnum()) {
            return Stream.of(Objects.requireNonNull(type.getEnumConstants()))
                    .map(each -> each.toString().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(" ", "(", ")"));
        }
        boolean file = type == Path.class
                || type == File.class
                || argument.paramLabel().endsWith("FILE");
        return file ? "_files" : " ";
    }

    private static String first(String... description) {
        return description.length == 0
                ? ""
                : Ansi.OFF
                        .string(String.format(Locale.ROOT, description[0]))
                        .strip()
                        .replaceFirst("\\.$", "");
    }

    /** What has a meaning in a specification. */
    private static String escaped(String text) {
        return text.replaceAll("([\\\\\\[\\]:])", "\\\\$1");
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
