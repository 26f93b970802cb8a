package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.server.EchoService.Outcome;
import dev.vecho.server.EchoService.Reload;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.Test;

final class ReloadsTest {

    private final Queue<Promise<Reload>> attempts = new ArrayDeque<>();
    private final List<Reload> told = new ArrayList<>();
    private final Reloads reloads = new Reloads(
            () -> {
                Promise<Reload> attempt = Promise.promise();
                attempts.add(attempt);
                return attempt.future();
            },
            told::add);

    private static Reload ended(Outcome outcome) {
        return new Reload(Instant.now(), outcome, List.of(), List.of());
    }

    @Test
    void doesWhatIsAskedForMeanwhileInOneMore() {
        Future<Reload> first = reloads.ask();
        List<Future<Reload>> others = List.of(reloads.ask(), reloads.ask(), reloads.ask());
        assertThat(attempts).hasSize(1);
        Reload one = ended(Outcome.APPLIED);
        attempts.remove().complete(one);
        assertThat(first.result()).isSameAs(one);
        assertThat(attempts).as("the one more").hasSize(1);
        assertThat(others).noneMatch(Future::isComplete);
        Future<Reload> late = reloads.ask();
        Reload two = ended(Outcome.REJECTED);
        attempts.remove().complete(two);
        assertThat(others).allSatisfy(other -> assertThat(other.result()).isSameAs(two));
        assertThat(late.isComplete()).isFalse();
        attempts.remove().complete(ended(Outcome.UNCHANGED));
        assertThat(late.isComplete()).isTrue();
        assertThat(attempts).isEmpty();
        assertThat(reloads.counts())
                .containsOnly(
                        Map.entry(Outcome.APPLIED, 1L),
                        Map.entry(Outcome.REJECTED, 1L),
                        Map.entry(Outcome.UNCHANGED, 1L));
        assertThat(told).hasSize(3);
    }

    @Test
    void goesOnWhereSomebodyWhoIsToldFails() {
        Reloads failing = new Reloads(
                () -> {
                    Promise<Reload> attempt = Promise.promise();
                    attempts.add(attempt);
                    return attempt.future();
                },
                reload -> {
                    throw new IllegalStateException("on purpose");
                });
        failing.ask();
        Future<Reload> waiting = failing.ask();
        try {
            attempts.remove().complete(ended(Outcome.APPLIED));
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("on purpose");
        }
        try {
            attempts.remove().complete(ended(Outcome.APPLIED));
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("on purpose");
        }
        assertThat(waiting.succeeded()).isTrue();
    }

    @Test
    void remembersTheLastSuccess() {
        Instant begin = reloads.lastSuccess();
        reloads.ask();
        attempts.remove().complete(ended(Outcome.REJECTED));
        assertThat(reloads.lastSuccess()).isEqualTo(begin);
        assertThat(reloads.last().orElseThrow().outcome()).isEqualTo(Outcome.REJECTED);
        reloads.ask();
        Reload good = ended(Outcome.UNCHANGED);
        attempts.remove().complete(good);
        assertThat(reloads.lastSuccess()).isEqualTo(good.at());
    }
}
