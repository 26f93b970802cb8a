package dev.vecho.net.echo;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When it looks, and when it sleeps. */
final class BusyPollTest {

    /** Longer than any test: it looks until something comes. */
    private static final Duration LONG = Duration.ofHours(1);

    /** Over after one look. */
    private static final Duration SHORT = Duration.ofNanos(1);

    private final Events events = new Events();
    private final Loop loop = new Loop();
    private final BusyPoll poll = new BusyPoll(events);

    @Test
    void onlySleepsWithoutALimit() {
        poll.run(loop);
        poll.limit(SHORT);
        poll.limit(Duration.ZERO);
        poll.run(loop);
        assertThat(events.looks).isZero();
        assertThat(events.sleeps).isEqualTo(2);
    }

    @Test
    void looksUntilAnEventComes() {
        poll.limit(LONG);
        events.comeAfter = 5;
        assertThat(poll.run(loop)).as("events").isEqualTo(3);
        assertThat(events.looks).isEqualTo(5);
        assertThat(events.sleeps).isZero();
    }

    @Test
    void looksUntilATaskComes() {
        poll.limit(LONG);
        loop.tasksAfter = 4;
        assertThat(poll.run(loop)).as("events").isZero();
        assertThat(events.sleeps).isZero();
        assertThat(events.looks).isPositive();
    }

    @Test
    void doesNotHoldUpATask() {
        poll.limit(LONG);
        loop.tasksAfter = 0;
        poll.run(loop);
        assertThat(events.looks).as("by the handler itself").isEqualTo(1);
        assertThat(events.sleeps).isZero();
    }

    @Test
    void looksLessAndLessOftenInVain() {
        poll.limit(SHORT);
        sleepWithLooks(1, 1);
        sleepWithLooks(2, 1);
        sleepWithLooks(4, 1);
        sleepWithLooks(8, 1);
        sleepWithLooks(16, 1);
        sleepWithLooks(32, 1);
        sleepWithLooks(64, 1);
        sleepWithLooks(640, 10);
    }

    @Test
    void looksEachTimeAgainAfterAnEvent() {
        poll.limit(SHORT);
        sleepWithLooks(1 + 2 + 4 + 8, 4);
        sleepWithLooks(15, 0);
        events.comeAfter = events.looks + 1;
        assertThat(poll.run(loop)).isEqualTo(3);
        sleepWithLooks(1, 1);
        sleepWithLooks(2, 1);
    }

    private void sleepWithLooks(int sleeps, int looks) {
        events.sleeps = 0;
        events.looks = 0;
        for (int i = 0; i < sleeps; i++) {
            poll.run(loop);
        }
        assertThat(events.sleeps).as("sleeps").isEqualTo(sleeps);
        assertThat(events.looks).as("looks").isEqualTo(looks);
    }

    /** Nothing happens but what a test wants. */
    private static final class Events implements IoHandler {

        private int looks;
        private int sleeps;
        private int comeAfter = Integer.MAX_VALUE;

        @Override
        public int run(IoHandlerContext context) {
            if (context.canBlock()) {
                sleeps++;
                return 0;
            }
            if (++looks < comeAfter) {
                return 0;
            }
            comeAfter = Integer.MAX_VALUE;
            return 3;
        }

        @Override
        public void prepareToDestroy() {}

        @Override
        public void destroy() {}

        @Override
        public IoRegistration register(IoHandle handle) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void wakeup() {}

        @Override
        public boolean isCompatible(Class<? extends IoHandle> type) {
            return false;
        }
    }

    private static final class Loop implements IoHandlerContext {

        private int tasksAfter = Integer.MAX_VALUE;

        @Override
        public boolean canBlock() {
            return tasksAfter-- > 0;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return 0;
        }

        @Override
        public long deadlineNanos() {
            return -1;
        }
    }
}
