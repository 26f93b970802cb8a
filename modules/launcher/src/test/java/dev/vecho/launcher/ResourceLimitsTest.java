package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.server.ConfiguredValue;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ResourceLimitsTest {

    private static final long MUCH = 1L << 40;

    private static ConfiguredValue connections(String listener, long count, String source) {
        return new ConfiguredValue("listeners." + listener + ".maxConnections", count, source);
    }

    @Test
    void namesTheKeyAndTheDescriptorsThatDoNotFit() {
        assertThat(ResourceLimits.problems(
                        List.of(
                                connections("few", 900, "vecho.json"),
                                connections("many", 10_000, "default"),
                                new ConfiguredValue("listeners.many.port", 7007L, "default")),
                        OptionalLong.of(1024),
                        MUCH))
                .containsExactly("listeners.many.maxConnections is 10000: this process may have 1024 files and sockets"
                        + " open (ulimit -n), and will refuse connections before");
    }

    @Test
    void namesTheMemoryThatDoesNotFitWhatSomebodyHasChosen() {
        long memory = 100_000_000;
        assertThat(ResourceLimits.problems(
                        List.of(connections("one", 50_000, "default"), connections("two", 50_000, "vecho.json")),
                        OptionalLong.empty(),
                        memory))
                .containsExactly("listeners.two.maxConnections is 50000: this process may use 100000000 bytes of memory"
                        + " (-Xmx), and even idle connections take 2400 each");
    }

    @Test
    void namesThePortsThatDoNotSuffice() {
        assertThat(ResourceLimits.problems(100)).isEmpty();
        assertThat(ResourceLimits.problems(1_000_000))
                .anyMatch(problem -> problem.startsWith("file descriptors: 1000000 connections are too many"))
                .anyMatch(
                        problem -> problem.matches("ports: 1000000 connections are too many for one pair of addresses,"
                                + " which has [1-9]\\d{2,4} \\(/proc/sys/net/ipv4/ip_local_port_range\\)"));
    }

    @Test
    void saysNothingWhereThereIsRoom() {
        assertThat(ResourceLimits.problems(
                        List.of(connections("one", 10_000, "vecho.json")), OptionalLong.of(20_000), MUCH))
                .isEmpty();
    }
}
