package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.net.io.Io;
import dev.vecho.testkit.torture.Settings;
import dev.vecho.testkit.torture.Torture;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Clients of all kinds at the fat jar, at random. In a build a short run, always the same, on each io that the machine has; as
 * long as wanted with {@code -Dvecho.torture=minutes}, see the README of the testkit.
 */
class TortureIT {

    @ParameterizedTest
    @MethodSource("ios")
    void losesNothingAndLeavesNothing(String io) throws Exception {
        Properties properties = new Properties();
        properties.putAll(System.getProperties());
        properties.setProperty("vecho.jar", Vecho.JAR);
        properties.setProperty(Settings.PREFIX + ".io", io);
        assertThat(Torture.run(Settings.read(properties), System.out)).isEmpty();
    }

    static List<String> ios() {
        String chosen = System.getProperty(Settings.PREFIX + ".io");
        return Io.names().stream()
                .filter(io -> chosen == null ? !io.equals(Io.AUTO) : io.equals(chosen))
                .filter(io -> Io.unavailable(io).isEmpty())
                .toList();
    }
}
