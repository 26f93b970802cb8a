package dev.vecho.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TargetTest {

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "tcp://localhost:7007, tcp, localhost, 7007, ''",
                "tls://127.0.0.1:7443, tls, 127.0.0.1, 7443, ''",
                "tcp://[::1]:7007, tcp, ::1, 7007, ''",
                "TCP://Echo.Example:1, tcp, Echo.Example, 1, ''",
                "tcp://localhost, tcp, localhost, -1, ''",
                "tcp://localhost:65535/, tcp, localhost, 65535, /",
                "http://localhost:80/a/b, http, localhost, 80, /a/b",
                "unix:///run/echo.sock, unix, -, -1, /run/echo.sock",
                "bus://echo, bus, echo, -1, ''",
                "bus://my_address, bus, my_address, -1, ''",
                "bus://vecho.echo_2/eu, bus, vecho.echo_2, -1, /eu",
                "tcp://my_service:7007, tcp, my_service, 7007, ''",
                "http://my_service:80/a, http, my_service, 80, /a"
            })
    void readsEachPart(String text, String scheme, String host, int port, String path) {
        assertThat(Target.parse(text)).isEqualTo(new Target(text, scheme, host, port, path));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "localhost:7007           | localhost:7007: scheme: is missing, write for example tcp://localhost:7007",
                "localhost                | localhost: scheme: is missing, write for example tcp://localhost",
                "tcp://::1:7007           | tcp://::1:7007: host: \"::1:7007\" is not a host and port (an IPv6 address"
                        + " needs brackets)",
                "tcp://256.1.1.1:7        | tcp://256.1.1.1:7: host: \"256.1.1.1:7\" is not a host and port (an IPv6 address"
                        + " needs brackets)",
                "tcp://my_service:70000   | tcp://my_service:70000: port: must be 1..65535, was 70000",
                "tcp://localhost:0        | tcp://localhost:0: port: must be 1..65535, was 0",
                "tcp://localhost:65536    | tcp://localhost:65536: port: must be 1..65535, was 65536",
                "tcp://user@localhost:1   | tcp://user@localhost:1: user information has no meaning here",
                "tcp://localhost:1#there  | tcp://localhost:1#there: a fragment has no meaning here"
            })
    void namesThePartThatIsWrong(String text, String message) {
        assertThatThrownBy(() -> Target.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({"tcp://local host:1", "tcp://[::1:7007", "''", "tcp://"})
    void rejectsWhatIsNoUri(String text) {
        assertThatThrownBy(() -> Target.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(text);
    }

    @Test
    void readsLikeItWasWritten() {
        assertThat(Target.parse("TCP://[::1]:7007")).hasToString("TCP://[::1]:7007");
    }
}
