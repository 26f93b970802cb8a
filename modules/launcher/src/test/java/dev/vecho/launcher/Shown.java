package dev.vecho.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares what a command has printed with what a page shows. What differs from run to run may differ here: numbers with a
 * decimal point, numbers before a unit of time, a rate or a percentage, dates, ports from 10000 on, numbers of processes, long
 * numbers, long hexadecimal numbers, and the amount of white space. Every other number and word must be the same. An ellipsis
 * stands for any text within a line; alone in a line, for any lines. Where it does not, the lines may come in another order, as those
 * of cases that are played at the same time do.
 */
final class Shown {

    private static final String ELLIPSIS = "…";

    /** What may differ, and what it may be instead. */
    private static final List<Pattern> VARIABLE = List.of(
            Pattern.compile(ELLIPSIS),
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z"),
            Pattern.compile("\\b[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){15,}"),
            Pattern.compile("\\b[0-9a-f]{16,}\\b"),
            Pattern.compile("-?\\b\\d[\\d,]*\\.\\d+"),
            Pattern.compile("\\b\\d[\\d,]*(?= ?(ns|µs|ms|s|%|MiB/s|messages/s)(\\W|$))"),
            Pattern.compile("(?<=process )\\d+"),
            Pattern.compile("(?<=:)\\d{5}\\b"),
            Pattern.compile("-?\\b\\d{10,}\\b"),
            Pattern.compile("\\s+"));

    private Shown() {}

    /** Whether all that was printed is shown, and nothing else. */
    static boolean matches(List<String> shown, List<String> printed) {
        return inOrder(shown, printed) || inAnyOrder(shown, printed);
    }

    private static boolean inAnyOrder(List<String> shown, List<String> printed) {
        List<String> rest = new ArrayList<>(printed);
        for (String each : shown) {
            Pattern line = line(each);
            Optional<String> found = rest.stream()
                    .filter(text -> line.matcher(text.stripTrailing()).matches())
                    .findFirst();
            if (each.strip().equals(ELLIPSIS) || found.isEmpty()) {
                return false;
            }
            rest.remove(found.get());
        }
        return rest.isEmpty();
    }

    private static boolean inOrder(List<String> shown, List<String> printed) {
        if (shown.isEmpty()) {
            return printed.isEmpty();
        }
        List<String> rest = shown.subList(1, shown.size());
        if (shown.get(0).strip().equals(ELLIPSIS)) {
            return inOrder(rest, printed) || (!printed.isEmpty() && inOrder(shown, printed.subList(1, printed.size())));
        }
        return !printed.isEmpty()
                && line(shown.get(0)).matcher(printed.get(0).stripTrailing()).matches()
                && inOrder(rest, printed.subList(1, printed.size()));
    }

    private static Pattern line(String shown) {
        StringBuilder regex = new StringBuilder();
        String rest = shown.stripTrailing();
        int done = 0;
        while (done < rest.length()) {
            int start = rest.length();
            int end = start;
            String instead = "";
            for (Pattern variable : VARIABLE) {
                Matcher matcher = variable.matcher(rest);
                if (matcher.find(done) && matcher.start() < start) {
                    start = matcher.start();
                    end = matcher.end();
                    instead = instead(matcher.group());
                }
            }
            regex.append(Pattern.quote(rest.substring(done, start))).append(instead);
            done = end;
        }
        return Pattern.compile(regex.toString());
    }

    private static String instead(String variable) {
        if (variable.equals(ELLIPSIS)) {
            return ".*";
        }
        if (variable.isBlank()) {
            return "\\s+";
        }
        return "[-0-9A-Fa-fTZ:.,]+";
    }
}
