package dev.vecho.net.listen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Traffic;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who is let in when, and what is remembered of it. */
@SuppressWarnings("FutureReturnValueIgnored") // An embedded channel closes at once.
class AdmissionTest {

    private static final String ONE = "192.0.2.1";
    private static final String OTHER = "192.0.2.2";

    private final AtomicLong clock = new AtomicLong();
    private final Traffic traffic = new Traffic();
    private final Channel any = new EmbeddedChannel();

    private static AdmissionRules rules(int perAddress, int newPerSecond, int newPerSecondPerAddress) {
        return new AdmissionRules(AccessRules.ALL, perAddress, newPerSecond, newPerSecondPerAddress);
    }

    private Admission admission(AdmissionRules rules) {
        return new Admission(rules, clock::get);
    }

    private boolean admits(Admission admission, String address, Channel connection) throws UnknownHostException {
        return admission.admits(InetAddress.getByName(address), connection, traffic);
    }

    /** How many of so many attempts of an address are let in. */
    private int admitted(Admission admission, String address, int attempts) throws UnknownHostException {
        int admitted = 0;
        for (int i = 0; i < attempts; i++) {
            admitted += admits(admission, address, any) ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void letsEverybodyInWithoutRules() throws Exception {
        assertThat(admitted(admission(AdmissionRules.NONE), ONE, 1000)).isEqualTo(1000);
        assertThat(admission(AdmissionRules.NONE).admits(any, traffic)).isTrue();
        assertThat(traffic.refusals()).isEmpty();
    }

    @Test
    void countsTheConnectionsOfAnAddress() throws Exception {
        Admission admission = admission(rules(2, 0, 0));
        EmbeddedChannel first = new EmbeddedChannel();
        assertThat(admits(admission, ONE, first)).isTrue();
        assertThat(admits(admission, ONE, any)).isTrue();
        assertThat(admits(admission, ONE, any)).isFalse();
        assertThat(admits(admission, OTHER, any)).isTrue();
        first.close();
        assertThat(admits(admission, ONE, any)).isTrue();
        assertThat(traffic.refusals()).isEqualTo(Map.of("over maxConnectionsPerAddress", 1L));
        any.close();
        assertThat(admission.addresses()).isZero();
    }

    @Test
    void limitsNewConnections() throws Exception {
        Admission admission = admission(rules(0, 10, 0));
        assertThat(admitted(admission, ONE, 7)).isEqualTo(7);
        assertThat(admitted(admission, OTHER, 7)).isEqualTo(3);
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(500));
        assertThat(admitted(admission, ONE, 10)).isEqualTo(5);
        clock.addAndGet(TimeUnit.SECONDS.toNanos(10));
        assertThat(admitted(admission, ONE, 20)).isEqualTo(10);
        assertThat(traffic.refusals()).isEqualTo(Map.of("over maxNewConnectionsPerSecond", 19L));
    }

    @Test
    void limitsNewConnectionsOfAnAddressAtNobodysExpense() throws Exception {
        Admission admission = admission(rules(0, 10, 2));
        assertThat(admitted(admission, ONE, 100)).isEqualTo(2);
        assertThat(admitted(admission, OTHER, 100)).isEqualTo(2);
        assertThat(traffic.refusals()).isEqualTo(Map.of("over maxNewConnectionsPerSecondPerAddress", 196L));
    }

    @Test
    void takesANetworkOfIpv6ForOneAddress() throws Exception {
        Admission admission = admission(rules(0, 0, 1));
        for (String address : List.of("2001:db8:0:1::1", "2001:db8:0:2::1", "::1", ONE)) {
            assertThat(admits(admission, address, any)).as(address).isTrue();
        }
        assertThat(admits(admission, "2001:db8:0:1:ffff::2", any)).isFalse();
        assertThat(admits(admission, OTHER, any)).isTrue();
    }

    @Test
    void knowsABoundedNumberOfAddresses() throws Exception {
        Admission admission = admission(rules(1, 0, 1));
        RateLimit<Integer> limit = new RateLimit<>(1, RateLimit.SOURCES, clock::get);
        for (int i = 0; i < 200_000; i++) {
            limit.allow(i);
            EmbeddedChannel connection = i % 1000 == 0 ? new EmbeddedChannel() : null;
            if (connection != null) {
                assertThat(admission.admits(
                                InetAddress.getByAddress(new byte[] {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i}),
                                connection,
                                traffic))
                        .isTrue();
                connection.close();
            }
        }
        assertThat(limit.sources()).isBetween(RateLimit.SOURCES / 2, RateLimit.SOURCES);
        assertThat(admission.addresses()).isZero();
    }

    @Test
    void forgetsWhoWasSilentWhenOthersCome() {
        RateLimit<Integer> limit = new RateLimit<>(1, RateLimit.SOURCES, clock::get);
        for (int i = 0; i < 10_000; i++) {
            limit.allow(i);
        }
        clock.addAndGet(TimeUnit.SECONDS.toNanos(2));
        for (int i = 10_000; i < 20_000; i++) {
            limit.allow(i);
        }
        assertThat(limit.sources()).isLessThan(11_000);
        assertThat(limit.allow(15_000)).as("one that has come a moment ago").isFalse();
    }

    @Test
    void remembersWhatWasUsedOfALimitThatStays() throws Exception {
        Admission admission = admission(rules(1, 2, 0));
        assertThat(admits(admission, ONE, any)).isTrue();
        admission.change(new AdmissionRules(new AccessRules(List.of(), List.of(AddressBlock.parse(OTHER))), 1, 2, 5));
        assertThat(admits(admission, ONE, any)).isFalse();
        assertThat(admits(admission, OTHER, any)).isFalse();
        assertThat(admits(admission, "192.0.2.3", any)).isTrue();
        assertThat(admits(admission, "192.0.2.4", any)).isFalse();
        assertThat(traffic.refusals())
                .isEqualTo(Map.of(
                        "over maxConnectionsPerAddress", 1L,
                        "not allowed", 1L,
                        "over maxNewConnectionsPerSecond", 1L));
        admission.change(rules(0, 3, 0));
        assertThat(admitted(admission, "192.0.2.4", 10)).as("of a new rate").isEqualTo(3);
    }
}
