package dev.vecho.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing here is resolved but literal addresses. */
final class HostsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost.",
                "LOCALHOST",
                "my_service",
                "tasks.web",
                "a-1.example",
                "1a",
                "127.0.0.1.example",
                "127.0.0.1",
                "0.0.0.0",
                "255.255.255.255",
                "::",
                "::1",
                "2001:DB8::1",
                "::ffff:127.0.0.1",
                "fe80::1%eth0",
                "fe80::1%3",
                "febf::1%eth0.100",
                "xn--bcher-kva.example"
            })
    void leavesAloneWhatIsWellWritten(String host) {
        assertThat(Hosts.check(host)).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.010",
                "0177.0.0.1",
                "127.1",
                "127.0.1",
                "127",
                "2130706433",
                "0x7f.1",
                "0x7f000001",
                "0X7F.0.0.1",
                "0x",
                "127.0.0.0x1",
                "256.1.1.1",
                "1.2.3.4.5",
                "127.0.0.1.",
                "00.0.0.0",
                "example.1",
                "example.0x1",
                "127\u30020\u30020\u30021",
                "127\uff0e0\uff0e0\uff0e1",
                "\uff11\uff12\uff17.0.0.1",
                "\u0661\u0662\u0667.0.0.1"
            })
    void refusesWhatOnlySomeTakeForAnAddress(String host) {
        assertThatThrownBy(() -> Hosts.check(host))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("\"" + host + "\" ")
                .hasMessageMatching("(?s).*(ends in a number|IDNA).*");
    }

    @ParameterizedTest
    @CsvSource({
        "b\u00fccher.example, xn--bcher-kva.example",
        "B\u00dcCHER.Example, xn--bcher-kva.Example",
        "b\u00fccher\u3002example, xn--bcher-kva.example",
        "\u4f8b\u3048.\u30c6\u30b9\u30c8, xn--r8jz45g.xn--zckzah",
        "b\u00fccher.example., xn--bcher-kva.example."
    })
    void writesNamesInAscii(String host, String ascii) {
        assertThat(Hosts.check(host)).isEqualToIgnoringCase(ascii);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''               | is missing",
                "a..b             | has nothing before or between its dots",
                ".a               | has nothing before or between its dots",
                ".                | has nothing before or between its dots",
                "a..              | has nothing before or between its dots",
                "a b              | may have letters, digits",
                "a~b              | may have letters, digits",
                "a/b              | may have letters, digits",
                "%6cocalhost      | nothing is decoded here",
                "127.0.0.1%lo     | nothing is decoded here",
                "stra\u00dfe.example | versions of IDNA read differently",
                "a\u200db.example | versions of IDNA read differently",
                "\ud83d\ude00.example | no name that IDNA can have in ASCII",
                "::1%lo           | has a zone, which is for link-local addresses",
                "2001:db8::1%eth0 | has a zone, which is for link-local addresses",
                "fe80::1          | is link-local and needs a zone",
                "fe80::1%         | has an empty zone",
                "::ffff:127.0.0.010 | is no address of IPv6",
                "::ffff:127.1     | is no address of IPv6",
                "1::2::3          | is no address of IPv6",
                "localhost:7      | is no address of IPv6, and a port has no place here"
            })
    void saysWhatIsWrong(String host, String message) {
        assertThatThrownBy(() -> Hosts.check(host))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void boundsTheLengthOfNames() {
        String label = "a".repeat(63);
        String name = (label + ".").repeat(3) + "a".repeat(61);
        assertThat(Hosts.check(name)).hasSize(253);
        assertThat(Hosts.check(name + ".")).hasSize(254);
        assertThatThrownBy(() -> Hosts.check(name + "a")).hasMessageContaining("longer than 253");
        assertThatThrownBy(() -> Hosts.check(label + "a")).hasMessageContaining("more than 63");
        assertThatThrownBy(() -> Hosts.check("\u00fc".repeat(63))).hasMessageContaining("IDNA");
    }

    @Test
    void findsTheInterfaceOfAZone() throws Exception {
        NetworkInterface any = NetworkInterface.networkInterfaces().findFirst().orElseThrow();
        for (String zone : new String[] {any.getName(), String.valueOf(any.getIndex())}) {
            InetAddress[] found = Hosts.resolve("fe80::1%" + zone);
            assertThat(found).hasSize(1);
            assertThat(((Inet6Address) found[0]).getScopeId()).isEqualTo(any.getIndex());
        }
        assertThatThrownBy(() -> Hosts.resolve("fe80::1%nosuch9"))
                .isInstanceOf(SocketException.class)
                .hasMessage("this machine has no network interface nosuch9");
    }

    @ParameterizedTest
    @CsvSource({"localhost., localhost", "fe80::1%eth0, fe80::1", "127.0.0.1, 127.0.0.1"})
    void tellsPeersTheirName(String host, String name) {
        assertThat(Hosts.peerName(host)).isEqualTo(name);
    }
}
