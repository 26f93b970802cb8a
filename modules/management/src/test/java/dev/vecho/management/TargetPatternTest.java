package dev.vecho.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetPatternTest {

    private static boolean allows(String pattern, String target) {
        return TargetPattern.parse(pattern).allows(Target.parse(target));
    }

    @ParameterizedTest
    @CsvSource({
        "tcp://echo.example.org:7007, tcp://echo.example.org:7007",
        "tcp://echo.example.org:7007, TCP://Echo.EXAMPLE.org.:7007",
        "tcp://echo.example.org:7007, tcp://echo.example.org:07007",
        "tcp://Echo.example.ORG.:7007, tcp://echo.example.org:7007",
        "tls://*.example.org:443, tls://a.b.example.org:443",
        "tls://*.example.org:443, tls://A.Example.Org.:443",
        "tcp://bücher.example:7, tcp://xn--bcher-kva.example:7",
        "tcp://xn--bcher-kva.example:7, tcp://BÜCHER.example:7",
        "tcp://*:7000-7999, tcp://whoever:7999",
        "tcp://*:*, tcp://[::1]:1",
        "*://10.1.2.3:7, udp://10.1.2.3:7",
        "tcp://10.1.2.3:7, tcp://[::ffff:10.1.2.3]:7",
        "tcp://10.1.2.3:7, tcp://[::FFFF:a01:203]:7",
        "tcp://[::1]:7, tcp://[0:0:0:0:0:0:0:1]:7",
        "tcp://[10.0.0.0/8]:*, tcp://10.255.0.1:9",
        "tcp://[2001:db8::/32]:7, tcp://[2001:DB8:0:1::2]:7",
        "tcp://[fe80::/10]:7, tcp://[fe80::1%25eth0]:7",
        "http://echo.example.org, http://echo.example.org/whatever?x=y",
        "http://echo.example.org:80, http://echo.example.org",
        "https://echo.example.org, https://echo.example.org:443/a",
        "h3://echo.example.org/, h3://echo.example.org",
        "unix:///run/echo.sock, unix:///run/echo.sock",
        "unix:@echo, unix:@echo",
        "bus://some.address, bus://some.address",
    })
    void allowsHoweverItIsWritten(String pattern, String target) {
        assertThat(allows(pattern, target)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "tcp://echo.example.org:7007, tls://echo.example.org:7007",
        "tcp://echo.example.org:7007, tcp://echo.example.org:7008",
        "tcp://echo.example.org:7007, tcp://echo.example.org",
        "tcp://echo.example.org:7007, tcp://echo.example.org.evil.example:7007",
        "tcp://echo.example.org:7007, tcp://echo-example.org:7007",
        "tls://*.example.org:443, tls://example.org:443",
        "tls://*.example.org:443, tls://evilexample.org:443",
        "tls://*.example.org:443, tls://a.example.org.evil:443",
        "tcp://10.1.2.3:7, tcp://10.1.2.30:7",
        "tcp://10.1.2.3:7, tcp://[::10.1.2.3]:7",
        "tcp://[10.0.0.0/8]:7, tcp://11.0.0.1:7",
        "tcp://[10.0.0.0/8]:7, tcp://ten.example:7",
        "tcp://[::/0]:7, tcp://127.0.0.1:7",
        "http://echo.example.org, http://echo.example.org:8080",
        "http://echo.example.org, http://evil.example?http://echo.example.org",
        "*://*:*, unix:///run/docker.sock",
        "*://*:*, bus://some.address",
        "*://*:*, tcp://0177.0.0.1:7",
        "*://*:*, tcp://a%2eb:7",
        "tcp://*:1-65535, tcp:///path",
        "unix:///run/echo.sock, unix:///run/../run/echo.sock",
        "unix:///run/echo.sock, unix://host/run/echo.sock",
        "unix:@echo, unix:/@echo",
        "bus://some.address, bus://Some.address",
        "bus://some.address, bus://some.address/more",
    })
    void refusesWhatOnlyLooksAlike(String pattern, String target) {
        assertThat(allows(pattern, target)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "tcp://localhost, has no port",
        "localhost:7007, must be scheme://host:port",
        "tcp://user@localhost:7, must end after the port",
        "http://localhost:80/path, must end after the port",
        "tcp://localhost:0, must have a port",
        "tcp://localhost:70000, must have a port",
        "tcp://localhost:20-10, must have a port",
        "tcp://*.1.2.3:7, is no address",
        "tcp://*.10.1.2.3:7, must have a name after",
        "tcp://a*b:7, letters",
        "tcp://[10.0.0.1/8]:7, the block is 10.0.0.0/8",
        "tcp://[fe80::1%eth0]:7, has a zone",
        "tcp://127.1:7, is no address",
        "unix:, is not a URI",
    })
    void refusesPatternsThatMeanNothing(String pattern, String message) {
        assertThatThrownBy(() -> TargetPattern.parse(pattern)).hasMessageContaining(message);
    }
}
