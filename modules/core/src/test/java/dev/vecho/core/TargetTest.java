package dev.vecho.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.json.JsonObject;
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
                "http://my_service:80/a, http, my_service, 80, /a",
                "tcp://b\u00fccher.example:7, tcp, b\u00fccher.example, 7, ''",
                "tcp://[fe80::1%eth0]:7, tcp, fe80::1%eth0, 7, ''",
                "tcp://[fe80::1%25eth0]:7, tcp, fe80::1%eth0, 7, ''",
                "tcp://[fe80::1%3]:7, tcp, fe80::1%3, 7, ''",
                "tcp://[fe80::1%253]:7, tcp, fe80::1%3, 7, ''",
                "tcp://[fe80::1%25]:7, tcp, fe80::1%25, 7, ''",
                "tcp://[fe80::1%25wg%2Dhome]:7, tcp, fe80::1%wg-home, 7, ''",
                "tcp://[fe80::1%wg-home]:7, tcp, fe80::1%wg-home, 7, ''",
                "tcp://:7, tcp, -, 7, ''",
                "tcp://localhost:, tcp, localhost, -1, ''",
                "unix:@vecho, unix, -, -1, @vecho",
                "unix:@a/b%20c, unix, -, -1, '@a/b c'",
                "unix:/run/echo.sock, unix, -, -1, /run/echo.sock"
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
                "tcp://[127.0.0.1]:7      | tcp://[127.0.0.1]:7: host: brackets are for an IPv6 address, was [127.0.0.1]:7",
                "tcp://localhost:7x       | tcp://localhost:7x: port: must be 1..65535, was 7x",
                "tcp://localhost:\uff17      | tcp://localhost:\uff17: port: must be 1..65535, was \uff17",
                "tcp://localhost:-7       | tcp://localhost:-7: port: must be 1..65535, was -7",
                "tcp://localhost:000007   | tcp://localhost:000007: port: must be 1..65535, was 000007",
                "tcp://my_service:70000   | tcp://my_service:70000: port: must be 1..65535, was 70000",
                "tcp://localhost:0        | tcp://localhost:0: port: must be 1..65535, was 0",
                "tcp://localhost:65536    | tcp://localhost:65536: port: must be 1..65535, was 65536",
                "tcp://[fe80::1%25et%h0]:7 | tcp://[fe80::1%25et%h0]:7: host: after %25 a \"%\" needs two hexadecimal"
                        + " digits, was \"et%h0\"",
                "tcp://[fe80::1%25e%]:7   | tcp://[fe80::1%25e%]:7: host: after %25 a \"%\" needs two hexadecimal digits,"
                        + " was \"e%\"",
                "tcp://localhost:7/%zz    | tcp://localhost:7/%zz: is not a URI from \"%zz\" on",
                "http://localhost:80/a b  | http://localhost:80/a b: is not a URI from \" b\" on",
                "tcp:                     | tcp:: is not a URI: something is missing at its end",
                "tcp://user@localhost:1   | tcp://user@localhost:1: user information has no meaning here",
                "tcp://localhost:1#there  | tcp://localhost:1#there: a fragment has no meaning here"
            })
    void namesThePartThatIsWrong(String text, String message) {
        assertThatThrownBy(() -> Target.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp://127.0.0.010:7     | host: \"127.0.0.010\" ends in a number, and is no address of IPv4",
                "tcp://:7                | host: is missing, expected tcp://host:port",
                "tcp:///                 | host: is missing, expected tcp://host:port",
                "tcp://localhost         | port: is missing, expected tcp://host:port",
                "tcp://localhost:7/there | path: has no meaning here, was /there"
            })
    void namesThePartThatIsWrongForASocket(String text, String message) {
        Problems problems = new Problems();
        Target.parse(text).hostOfSocket(Options.of(new JsonObject(), Source.named("test"), problems));
        assertThatThrownBy(problems::throwIfAny)
                .hasMessageStartingWith("test: " + text + ": ")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({
        "http://b\u00fccher.example/a?b=c, xn--bcher-kva.example, http://xn--bcher-kva.example/a?b=c",
        "http://localhost.:80, localhost., http://localhost:80",
        "ws://[fe80::1%25eth0]:80/, fe80::1%eth0, ws://[fe80::1]:80/"
    })
    void tellsOtherMachinesOnlyWhatTheyKnow(String text, String host, String uri) {
        Target target = Target.parse(text);
        String checked = target.checkedHost(Options.of(new JsonObject(), Source.named("test"), new Problems()), "host");
        assertThat(checked).isEqualTo(host);
        assertThat(target.uri(checked)).hasToString(uri);
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
