package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user is told who has typed something wrong. */
class UsageIT {

    static Stream<Arguments> wrong() {
        return Stream.of(
                row("server", "server: is not a command of vecho", "did you mean serve?"),
                row("frobnicate", "frobnicate: is not a command of vecho", "see vecho --help"),
                row("", "expected a command: serve, config, check,", "see vecho --help"),
                row("--verbos", "--verbos: is not an option of vecho", "did you mean --verbose?"),
                row("check --intervall 2s", "--intervall: is not an option of vecho check", "did you mean --interval?"),
                row(
                        "check --headr=Authorization:s3cret",
                        "--headr: is not an option of vecho check",
                        "did you mean --header?"),
                row("watch --wibble x.json", "--wibble: is not an option of vecho watch", "see vecho watch --help"),
                row(
                        "serve vecho.json",
                        "vecho.json: is one argument more than vecho serve takes",
                        "see vecho serve --help"),
                row("check --interval", "--interval: must have a value, D", "see vecho check --help"),
                row("config --store --schema", "--store: must have a value, FILE", "see vecho config --help"),
                row("bench", "TARGET: is missing", "see vecho bench --help"),
                row("watch", "CONFIG: is missing", "see vecho watch --help"),
                row(
                        "check -n many",
                        "--count: must be a whole number up to 2147483647, was \"many\"",
                        "see vecho check"),
                row("check --seed x", "--seed: must be a whole number, was \"x\"", "see vecho check --help"),
                row("bench tcp://x:1 -r fast", "--rate: must be a number, was \"fast\"", "see vecho bench --help"),
                row("check -q=maybe", "--quiet: must be true or false", "see vecho check --help"),
                row("check --set s3cret", "--set: must be NAME=VALUE", "see vecho check --help"),
                row("selftest -o xml", "--output: must be one of text, json, was \"xml\"", "see vecho selftest --help"),
                row(
                        "status -i soon",
                        "--interval: expected a duration such as 500ms, 2s or 1m, was \"soon\"",
                        "see vecho status --help"),
                row("status -i 10ms", "--interval: must be 100ms or more, was 10ms", "see vecho status --help"),
                row("check -n 1 -n 2", "--count: must be given once only", "see vecho check --help"),
                row("health --live --ready", "--live, --ready are mutually exclusive", "see vecho health --help"),
                row("serve --cluster-port 1", "--cluster-port: of no use without --cluster", "see vecho serve --help"));
    }

    private static Arguments row(String arguments, String problem, String advice) {
        return Arguments.of(arguments, problem, advice);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void isToldInTwoLines(String arguments, String problem, String advice) throws Exception {
        Result result = Vecho.run(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1));
        assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines()).hasSize(2);
        assertThat(result.err().lines().findFirst().orElseThrow()).startsWith(problem);
        assertThat(result.err().lines().skip(1).findFirst().orElseThrow()).startsWith(advice);
        assertThat(result.err()).doesNotContain("s3cret");
    }
}
