package dev.vecho.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    private static LoadResult result(long messages, double p50, double p99) {
        return new LoadResult(
                LoadOptions.of("tcp://localhost:7007"),
                Instant.EPOCH,
                Duration.ofSeconds(10),
                Map.of(),
                messages,
                new Latency(messages, 0.1, 1, p50, 2, p99, 4, 5),
                null,
                new LoadResult.Messages(0, 0, 0, 0),
                List.of(),
                0.5,
                0.5);
    }

    @Test
    void allowsWhatTheThresholdAllows() {
        Comparison comparison = Comparison.of(result(1000, 1, 3).toJson(), result(960, 1.04, 3.1), 0.05);
        assertThat(comparison.passed()).as(comparison.toText()).isTrue();
    }

    @Test
    void findsFewerMessages() {
        Comparison comparison = Comparison.of(result(1000, 1, 3).toJson(), result(940, 1, 3), 0.05);
        assertThat(comparison.figures().stream()
                        .filter(Comparison.Figure::worse)
                        .map(Comparison.Figure::name))
                .containsExactly("messages a second");
        assertThat(comparison.passed()).isFalse();
    }

    @Test
    void findsMoreLatency() {
        Comparison comparison = Comparison.of(result(1000, 1, 3).toJson(), result(1000, 1, 3.2), 0.05);
        assertThat(comparison.figures().stream()
                        .filter(Comparison.Figure::worse)
                        .map(Comparison.Figure::name))
                .containsExactly("p99 ms");
    }

    @Test
    void rejectsAResultOfOtherOptions() {
        JsonObject earlier = result(1000, 1, 3).toJson();
        earlier.getJsonObject("options").put("size", 128);
        assertThatThrownBy(() -> Comparison.of(earlier, result(1000, 1, 3), 0.05))
                .hasMessage("size was 128 then, and is 64 now");
    }

    @Test
    void rejectsWhatIsNoResult() {
        assertThatThrownBy(() -> Comparison.of(new JsonObject(), result(1000, 1, 3), 0.05))
                .hasMessageContaining("is not a result of version 2");
    }
}
