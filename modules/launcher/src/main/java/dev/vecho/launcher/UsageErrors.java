package dev.vecho.launcher;

import dev.vecho.core.config.Options;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Tells wrong usage in two lines: what is wrong, then what was probably meant, or where help is. */
final class UsageErrors implements IParameterExceptionHandler {

    @Override
    public int handleParseException(ParameterException failure, String[] arguments) {
        PrintWriter err = failure.getCommandLine().getErr();
        err.println(problem(failure).strip().replaceAll("\\s*\\R\\s*", "; "));
        err.println(advice(failure));
        err.flush();
        return Main.WRONG_INPUT;
    }

    private static String problem(ParameterException failure) {
        CommandSpec command = failure.getCommandLine().getCommandSpec();
        if (failure instanceof UnmatchedArgumentException unmatched) {
            String found = found(unmatched);
            if (unmatched.isUnknownOption()) {
                return found + ": is not an option of " + command.qualifiedName();
            }
            return command.subcommands().isEmpty()
                    ? found + ": is one argument more than " + command.qualifiedName() + " takes"
                    : found + ": is not a command of " + command.qualifiedName();
        }
        if (failure instanceof MissingParameterException missing
                && !missing.getMissing().isEmpty()) {
            ArgSpec argument = missing.getMissing().get(0);
            return argument.isOption()
                    ? name(argument) + ": must have a value, " + argument.paramLabel()
                    : name(argument) + ": is missing";
        }
        if (failure instanceof OverwrittenOptionException twice) {
            return name(twice.getOverwritten()) + ": must be given once only";
        }
        ArgSpec argument = failure.getArgSpec();
        if (argument != null) {
            return name(argument) + ": " + mismatch(argument, failure);
        }
        return String.valueOf(failure.getMessage()).replaceFirst("^Error: ", "");
    }

    /** Without what follows an equals sign, which may be a secret. */
    private static String found(UnmatchedArgumentException unmatched) {
        String found = unmatched.getUnmatched().get(0);
        return unmatched.isUnknownOption() ? found.replaceFirst("(?s)=.*", "") : found;
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }

    /** Why a value does not suit an argument. */
    private static String mismatch(ArgSpec argument, ParameterException failure) {
        Class<?> type = argument.auxiliaryTypes()[0];
        String was = ", was \"" + failure.getValue() + "\"";
        if (argument.typeInfo().isMap()) {
            // Of what is no pair, nobody knows whether it is a secret.
            return "must be " + argument.paramLabel();
        }
        if (type.isEnum()) {
            return "must be one of "
                    + Stream.of(Objects.requireNonNull(type.getEnumConstants()))
                            .map(each -> each.toString().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(", "))
                    + was;
        }
        if (type == int.class || type == Integer.class) {
            return "must be a whole number up to " + Integer.MAX_VALUE + was;
        }
        if (type == long.class || type == Long.class) {
            return "must be a whole number" + was;
        }
        if (type == double.class || type == Double.class) {
            return "must be a number" + was;
        }
        if (type == boolean.class || type == Boolean.class) {
            return "must be true or false, or have no value" + was;
        }
        return failure.getCause() instanceof TypeConversionException conversion
                ? String.valueOf(conversion.getMessage())
                : String.valueOf(failure.getMessage());
    }

    private static String advice(ParameterException failure) {
        Optional<String> meant =
                failure instanceof UnmatchedArgumentException unmatched ? nearest(unmatched) : Optional.empty();
        return meant.map(name -> "did you mean " + name + "?")
                .orElseGet(
                        () -> "see " + failure.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    }

    /** Of those that picocli suggests, which may have but two letters in common with what was found, one that is near. */
    private static Optional<String> nearest(UnmatchedArgumentException unmatched) {
        List<String> suggestions = unmatched.getSuggestions();
        return Options.nearest(
                        plain(found(unmatched)),
                        suggestions.stream().map(UsageErrors::plain).toList())
                .flatMap(near -> suggestions.stream()
                        .filter(each -> plain(each).equals(near))
                        .findFirst());
    }

    private static String plain(String name) {
        return name.replaceFirst("^-+", "");
    }
}
