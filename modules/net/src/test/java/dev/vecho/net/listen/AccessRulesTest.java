package dev.vecho.net.listen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which addresses lists of blocks take in, and which texts are no blocks. */
class AccessRulesTest {

    private final List<String> problems = new ArrayList<>();

    private AccessRules rules(JsonObject json) {
        Problems found = new Problems();
        AccessRules rules = AccessRules.read(Options.of(json, Source.named("test"), found));
        problems.addAll(found.messages());
        return rules;
    }

    private AccessRules allowing(String... blocks) {
        return rules(new JsonObject().put("allow", new JsonArray(List.of(blocks))));
    }

    private static boolean permits(AccessRules rules, String address) throws Exception {
        return rules.permit(InetAddress.getByName(address));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, 11.0.0.0",
        "10.1.2.3, 10.1.2.3, 10.1.2.4",
        "10.1.2.3/32, 10.1.2.3, 10.1.2.2",
        "192.0.2.128/25, 192.0.2.128, 192.0.2.127",
        "192.0.2.2/31, 192.0.2.3, 192.0.2.4",
        "0.0.0.0/0, 255.255.255.255, ::1",
        "128.0.0.0/1, 255.0.0.1, 127.255.255.255",
        "::/0, 2001:db8::1, 10.0.0.1",
        "2001:db8::/32, 2001:db8:ffff::1, 2001:db9::",
        "2001:db8::/64, 2001:db8::ffff:0:0:1, 2001:db8:0:1::",
        "2001:db8::/65, 2001:db8::7fff:0:0:1, 2001:db8::8000:0:0:1",
        "2001:db8::1, 2001:db8::1, 2001:db8::2",
        "fe80::/10, fe80::1, fec0::1",
        "::ffff:10.0.0.0/104, 10.9.9.9, 11.0.0.1",
        "::ffff:10.0.0.1, 10.0.0.1, ::10.0.0.1"
    })
    void takesInWhatIsInABlock(String block, String inside, String outside) throws Exception {
        AccessRules rules = allowing(block);
        assertThat(problems).isEmpty();
        assertThat(permits(rules, inside)).as(inside).isTrue();
        assertThat(permits(rules, outside)).as(outside).isFalse();
    }

    /** As some systems tell a client of IPv4 on a socket of IPv6. */
    @Test
    void takesMappedAddressesForIpv4() throws Exception {
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        mapped[12] = 10;
        mapped[15] = 1;
        assertThat(allowing("10.0.0.0/8").permit(Inet6Address.getByAddress(null, mapped, -1)))
                .isTrue();
    }

    @Test
    void deniesWhatIsAllowedAndDenied() throws Exception {
        AccessRules rules = rules(new JsonObject().put("allow", "10.0.0.0/8").put("deny", "10.1.0.0/16"));
        assertThat(permits(rules, "10.2.0.1")).isTrue();
        assertThat(permits(rules, "10.1.0.1")).isFalse();
        assertThat(permits(rules, "192.0.2.1")).isFalse();
        AccessRules others =
                rules(new JsonObject().put("allow", new JsonArray()).put("deny", "10.1.0.0/16"));
        assertThat(permits(others, "192.0.2.1")).isTrue();
        assertThat(permits(others, "10.1.0.1")).isFalse();
    }

    @Test
    void findsAnUnknownAddressInNoBlock() {
        assertThat(AccessRules.ALL.permit(null)).isTrue();
        assertThat(rules(new JsonObject().put("deny", "10.0.0.0/8")).permit(null))
                .isTrue();
        assertThat(allowing("0.0.0.0/0", "::/0").permit(null)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fe80::1%eth0|has a zone, which has no meaning here",
                "fe80::/10%1|has a zone, which has no meaning here",
                "10.0.0.0/33|has a prefix beyond 32 bits",
                "::/129|has a prefix beyond 128 bits",
                "10.1.2.3/8|has bits beyond its prefix; the block is 10.0.0.0/8",
                "2001:db8::1/32|has bits beyond its prefix; the block is 2001:db8::/32",
                "::ffff:0.0.0.0/64|is partly mapped IPv4, write the blocks of IPv4 as such",
                "10.0.0/8|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "10.0.0.01|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "10.0.0.0/|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "10.0.0.0/08|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "10.0.0.0/8/8|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "/8|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "[::1]|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "localhost|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32",
                "1::2::3|is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32"
            })
    void rejectsWhatIsNoBlock(String text, String problem) {
        allowing("10.0.0.0/8", text);
        assertThat(problems).containsExactly("test: allow: \"" + text + "\" " + problem);
    }
}
