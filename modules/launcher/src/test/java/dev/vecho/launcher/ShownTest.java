package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a page shows may differ in figures, and in nothing else. */
class ShownTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "round=1 bytes=42 time=9.685 ms | round=1 bytes=42 time=12.1 ms",
                "a  b | a b",
                "ready on epoll, process 3338 | ready on epoll, process 17",
                "tcp passed 0.3 ms 173.6 MiB/s tcp://127.0.0.1:34693 | tcp passed 1.25 ms 1,173.6 MiB/s tcp://127.0.0.1:40001",
                "nothing for 500 ms | nothing for 501 ms",
                "at 2026-11-29T22:51:20Z | at 2027-01-01T00:00:00.123Z",
                "\"seed\" : 2493177442302632 | \"seed\" : 60448382654202",
                "unix:///tmp/…/echo.sock ok | unix:///tmp/a/b/echo.sock ok",
            })
    void allowsOtherFigures(String shown, String printed) {
        assertThat(Shown.matches(List.of(shown), List.of(printed))).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "3 rounds, 3 passed | 3 rounds, 2 passed",
                "round=1 bytes=42 | round=1 bytes=43",
                "FAILED closed | FAILED reset",
                "tcp://127.0.0.1:7007 | tcp://127.0.0.1:7008",
                "byte 10 came back as 0x64 | byte 10 came back as 0x65",
                "time=9.685 ms | time=none ms",
                "unix:///…/echo.sock | unix:///a/other.sock",
            })
    void allowsNothingElse(String shown, String printed) {
        assertThat(Shown.matches(List.of(shown), List.of(printed))).isFalse();
    }

    @Test
    void leavesLinesOutWhereThereIsAnEllipsis() {
        List<String> shown = List.of("first", "…", "last");
        assertThat(Shown.matches(shown, List.of("first", "last"))).isTrue();
        assertThat(Shown.matches(shown, List.of("first", "a", "b", "last"))).isTrue();
        assertThat(Shown.matches(shown, List.of("first", "a"))).isFalse();
        assertThat(Shown.matches(shown, List.of("first", "last", "more"))).isFalse();
    }

    @Test
    void takesLinesInAnyOrderWhereNoneIsLeftOut() {
        assertThat(Shown.matches(List.of("a 0.1 ms", "b", "b"), List.of("b", "a 7.5 ms", "b")))
                .isTrue();
        assertThat(Shown.matches(List.of("a", "b", "b"), List.of("b", "a", "a")))
                .isFalse();
        assertThat(Shown.matches(List.of("a", "…", "b"), List.of("b", "a"))).isFalse();
    }

    @Test
    void wantsEachLine() {
        assertThat(Shown.matches(List.of(), List.of())).isTrue();
        assertThat(Shown.matches(List.of(), List.of("more"))).isFalse();
        assertThat(Shown.matches(List.of("one"), List.of())).isFalse();
        assertThat(Shown.matches(List.of("one"), List.of("one", "two"))).isFalse();
    }
}
