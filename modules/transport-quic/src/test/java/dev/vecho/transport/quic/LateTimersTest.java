package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How many connections are asked in one task of an event loop, by a clock that the test turns. */
class LateTimersTest {

    private static final int CONNECTIONS = 5_000;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<List<Integer>> tasks = new ArrayList<>();
    private final LateTimers<Integer> timers = new LateTimers<>(channel.eventLoop(), this::asked, () -> 0);

    LateTimersTest() {
        channel.freezeTime();
    }

    private void asked(Collection<Integer> some) {
        tasks.add(List.copyOf(some));
    }

    /** Runs the tasks that are due at each millisecond. */
    private void pass(long millis) {
        for (long passed = 0; passed < millis; passed++) {
            channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    private Map<Integer, Integer> times() {
        Map<Integer, Integer> times = new HashMap<>();
        tasks.forEach(task -> task.forEach(each -> times.merge(each, 1, Integer::sum)));
        return times;
    }

    @Test
    void asksFewInOneTaskAndEachOnceInARound() {
        IntStream.range(0, CONNECTIONS).forEach(timers::add);
        pass(499);
        assertThat(tasks).isEmpty();
        pass(500);
        assertThat(tasks)
                .hasSize(CONNECTIONS / LateTimers.AT_ONCE)
                .allSatisfy(task -> assertThat(task).hasSizeLessThanOrEqualTo(LateTimers.AT_ONCE));
        assertThat(times())
                .hasSize(CONNECTIONS)
                .allSatisfy((each, times) -> assertThat(times).isEqualTo(1));
        tasks.clear();
        pass(1_500);
        assertThat(times()).hasSize(CONNECTIONS);
    }

    @Test
    void asksNoneThatIsClosed() {
        IntStream.range(0, 3 * LateTimers.AT_ONCE).forEach(timers::add);
        pass(500);
        assertThat(tasks).hasSize(1);
        List<Integer> first = tasks.get(0);
        IntStream.range(0, 3 * LateTimers.AT_ONCE).filter(each -> each != 120).forEach(timers::remove);
        tasks.clear();
        pass(3_000);
        assertThat(first).doesNotContain(120);
        assertThat(times()).containsOnlyKeys(120);
        timers.remove(120);
        tasks.clear();
        pass(3_000);
        assertThat(tasks).isEmpty();
        timers.add(7);
        pass(500);
        assertThat(times()).containsOnlyKeys(7);
    }
}
