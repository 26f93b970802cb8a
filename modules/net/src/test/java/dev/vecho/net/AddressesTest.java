package dev.vecho.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.config.Hosts;
import java.net.NetworkInterface;
import org.junit.jupiter.api.Test;

final class AddressesTest {

    @Test
    void takesAMappedAddressForOneOfIpv4() {
        assertThat(Addresses.families("::ffff:127.0.0.1")).containsExactly("ipv4");
        assertThat(Addresses.families("::FFFF:127.0.0.1")).containsExactly("ipv4");
        assertThat(Addresses.families("::1")).containsExactly("ipv6");
        assertThat(Addresses.families("127.0.0.1")).containsExactly("ipv4");
        assertThat(Addresses.families("localhost")).hasSize(2);
    }

    @Test
    void tellsAZoneByTheNameOfItsInterface() throws Exception {
        NetworkInterface any = NetworkInterface.networkInterfaces().findFirst().orElseThrow();
        for (String zone : new String[] {any.getName(), String.valueOf(any.getIndex())}) {
            assertThat(Addresses.text(Hosts.resolve("fe80::1%" + zone)[0])).isEqualTo("fe80::1%" + any.getName());
        }
    }
}
