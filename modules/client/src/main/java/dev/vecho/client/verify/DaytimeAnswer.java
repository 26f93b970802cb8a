package dev.vecho.client.verify;

import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A line of RFC 867, which asks for no form. It must have the year, with two digits or four, and a time of day that it may be
 * somewhere on earth: time zones differ by quarters of an hour.
 */
final class DaytimeAnswer extends ServiceAnswer {

    private static final int MAX_BYTES = 512;
    private static final long QUARTER = Duration.ofMinutes(15).toSeconds();
    private static final Pattern TIME = Pattern.compile("\\b([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?");
    private static final Pattern YEAR = Pattern.compile("\\b(?:[0-9]{2})?([0-9]{2})\\b");

    private final Duration tolerance;
    private final Clock clock;
    private final StringBuilder line = new StringBuilder();
    private boolean complete;

    DaytimeAnswer(Duration tolerance, Clock clock) {
        this.tolerance = tolerance;
        this.clock = clock;
    }

    @Override
    @Nullable String take(byte at) {
        if (complete) {
            return null;
        }
        if (at == '\n') {
            complete = true;
            return verdict();
        }
        if ((at < ' ' || at > '~') && at != '\r') {
            return "what came is no line of printable characters: byte " + (line.length() + 1) + " is " + at;
        }
        line.append((char) at);
        return line.length() > MAX_BYTES ? "what came is no line: it has more than " + MAX_BYTES + " characters" : null;
    }

    private @Nullable String verdict() {
        String told = line.toString().strip();
        Matcher time = TIME.matcher(told);
        if (!time.find()) {
            return "\"" + told + "\" has no time of day such as 17:37:43";
        }
        ZonedDateTime now = ZonedDateTime.now(clock);
        String seconds = time.group(3);
        long toldSeconds = Integer.parseInt(time.group(2)) * 60L + (seconds == null ? 30 : Integer.parseInt(seconds));
        long off = Math.floorMod(now.getMinute() * 60L + now.getSecond() - toldSeconds, QUARTER);
        off = Math.min(off, QUARTER - off);
        long most = tolerance.toSeconds() + (seconds == null ? 30 : 0);
        if (off > most) {
            return "\"" + told + "\" is " + off + " s off, in whatever time zone, more than " + most + " s";
        }
        return hasYear(told, now) ? null : "\"" + told + "\" has no year that it is anywhere now";
    }

    private static boolean hasYear(String told, ZonedDateTime now) {
        int earliest = now.minusHours(14).getYear() % 100;
        int latest = now.plusHours(14).getYear() % 100;
        Matcher year = YEAR.matcher(told);
        while (year.find()) {
            int found = Integer.parseInt(year.group(1));
            if (found == earliest || found == latest) {
                return true;
            }
        }
        return false;
    }

    @Override
    boolean isComplete() {
        return complete;
    }

    /** Some write CR after LF. */
    @Override
    boolean goesOnWith(byte more) {
        return more == '\r' || more == '\n';
    }

    @Override
    Map<String, String> facts() {
        return complete ? Map.of("daytime", line.toString().strip()) : Map.of();
    }
}
