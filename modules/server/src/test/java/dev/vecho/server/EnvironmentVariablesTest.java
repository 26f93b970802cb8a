package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Source;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the environment says, and what it was meant to say. */
final class EnvironmentVariablesTest {

    private static final Vertx VERTX = Vertx.vertx();

    @AfterAll
    static void close() {
        VERTX.close().await();
    }

    private static final List<String> PATHS = List.of(
            "drainMillis",
            "io",
            "listeners.ipv4.port",
            "listeners.ipv4.idleTimeoutMillis",
            "listeners.ipv4.tls.key",
            "listeners.ipv4.tls.keyStorePassword");

    @ParameterizedTest
    @CsvSource({
        "VECHO_DRAIN_MILLIS, VECHO__DRAIN_MILLIS",
        "VECHO_DRAINMILLIS, VECHO__DRAIN_MILLIS",
        "VECHO_DRAIN_MILIS, VECHO__DRAIN_MILLIS",
        "VECHO_IO, VECHO__IO",
        "VECHO_LISTENERS_IPV4_PORT, VECHO__LISTENERS__IPV4__PORT",
        "VECHO_LISTENERS__IPV4__PORT, VECHO__LISTENERS__IPV4__PORT",
        "VECHO_LISTENER_IPV4_PORT, VECHO__LISTENERS__IPV4__PORT",
        "VECHO_LISTENERS_IPV4_IDLE_TIMEOUT_MILLIS, VECHO__LISTENERS__IPV4__IDLE_TIMEOUT_MILLIS",
        "VECHO_LISTENERS_IPV4_TLS_KEY, VECHO__LISTENERS__IPV4__TLS__KEY",
        "VECHO_LISTENERS_OTHER_PORT, VECHO__LISTENERS__OTHER__PORT",
        "VECHO_LISTENERS_MY_OTHER_TLS_KEY, VECHO__LISTENERS__MY_OTHER__TLS__KEY",
        "VECHO_HOME,",
        "VECHO_LISTENERS_,"
    })
    void findsTheVariableThatWasMeant(String stray, String meant) {
        assertThat(EnvironmentVariables.isStray(stray, "5")).isTrue();
        assertThat(EnvironmentVariables.nearest(stray, PATHS).orElse(null)).isEqualTo(meant);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "VECHO__LISTENERS__IPV4__PORT=5",
                "VECHO_JAVA_OPTS=-Xmx1g",
                "VECHO_REQUIRE_ALL=true",
                "OTHER_VECHO_PORT=5",
                "VECHO_SERVICE_HOST=10.0.0.1",
                "VECHO_SERVICE_PORT=7007",
                "VECHO_SERVICE_PORT_ECHO=7007",
                "VECHO_PORT=tcp://10.0.0.1:7007",
                "VECHO_PORT_7007_TCP=tcp://10.0.0.1:7007",
                "VECHO_PORT_7007_TCP_ADDR=10.0.0.1",
                "VECHO_UDP_SERVICE_HOST=10.0.0.1",
                "VECHO_UDP_PORT=udp://10.0.0.1:7007"
            })
    void leavesOthersAlone(String variable) {
        String[] parts = variable.split("=", 2);
        assertThat(EnvironmentVariables.isStray(parts[0], parts[1])).isFalse();
    }

    @Test
    void warnsOfThoseThatAreIgnored() {
        Layers layers = new Layers();
        layers.add(Source.named("file.json"), new JsonObject("{ \"listeners\": { \"ipv4\": { \"port\": 1 } } }"));
        layers.addEnvironment(new JsonObject()
                .put("VECHO_LISTENERS_IPV4_PORT", "5")
                .put("VECHO__LISTENERS__IPV4__BACKLOG", "7")
                .put("VECHO_HOME", "/opt"));
        Logged logged = new Logged();
        List<ConfiguredValue> values = new Configuration(layers).effective(VERTX, Transports.load());
        logged.close();
        assertThat(logged.by(Configuration.class))
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "environment: VECHO_HOME is ignored: variables for the configuration begin with VECHO__",
                        "environment: VECHO_LISTENERS_IPV4_PORT is ignored, did you mean"
                                + " VECHO__LISTENERS__IPV4__PORT?");
        Map<String, String> sources =
                values.stream().collect(Collectors.toMap(ConfiguredValue::key, ConfiguredValue::source));
        assertThat(sources)
                .containsEntry("listeners.ipv4.port", "file.json")
                .containsEntry("listeners.ipv4.backlog", "environment variable VECHO__LISTENERS__IPV4__BACKLOG")
                .containsEntry("listeners.ipv4.noDelay", "default");
    }
}
