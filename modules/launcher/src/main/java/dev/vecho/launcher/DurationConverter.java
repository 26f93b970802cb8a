package dev.vecho.launcher;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as users type them: {@code 500ms}, {@code 2s}, {@code 1.5}, {@code 3m}; seconds where there is no unit. */
final class DurationConverter implements ITypeConverter<Duration> {

    private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)?");

    @Override
    public Duration convert(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException("expected a duration such as 500ms, 2s or 1m, was \"" + text + "\"");
        }
        String unit = matcher.group(2) == null ? "s" : matcher.group(2);
        double millis = Double.parseDouble(matcher.group(1))
                * switch (unit) {
                    case "ms" -> 1;
                    case "m" -> 60_000;
                    case "h" -> 3_600_000;
                    default -> 1000;
                };
        if (millis > Duration.ofDays(365).toMillis()) {
            throw new TypeConversionException("a duration of at most a year, was \"" + text + "\"");
        }
        return Duration.ofNanos(Math.round(millis * 1_000_000));
    }
}
