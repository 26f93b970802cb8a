package dev.vecho.client.play;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.play.Wait.End;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(VertxExtension.class)
@Timeout(180)
final class WaitTest {

    private static final Duration LIMIT = Duration.ofMillis(20);

    /** A clock that shows what it is told, once the wait has begun. */
    private final AtomicLong clock = new AtomicLong();

    private final AtomicLong stalls = new AtomicLong();

    @ParameterizedTest
    @CsvSource({
        "20, 0, LIMIT",
        "1020, 1000, LIMIT",
        "5020, 5000, LIMIT",
        "5021, 5001, CUT",
        "9000, 9000, CUT",
    })
    void tellsWhetherThePeerHadAllOfItsTime(long waitedMillis, long stalledMillis, End expected, Vertx vertx)
            throws Exception {
        Wait wait = new Wait(vertx, clock::get, stalls::get);
        Promise<End> over = Promise.promise();
        wait.limit(null, LIMIT, () -> over.complete(wait.end()));
        stalls.set(TimeUnit.MILLISECONDS.toNanos(stalledMillis));
        clock.set(TimeUnit.MILLISECONDS.toNanos(waitedMillis));
        assertThat(over.future().await(30, TimeUnit.SECONDS)).isEqualTo(expected);
    }

    @Test
    void goesOnWhileStallsTookItsTime(Vertx vertx) throws Exception {
        Wait wait = new Wait(vertx, clock::get, stalls::get);
        Promise<End> over = Promise.promise();
        wait.limit(null, LIMIT, () -> over.complete(wait.end()));
        stalls.set(TimeUnit.MILLISECONDS.toNanos(1000));
        clock.set(TimeUnit.MILLISECONDS.toNanos(1019));
        vertx.timer(200, TimeUnit.MILLISECONDS).await(30, TimeUnit.SECONDS);
        assertThat(over.future().isComplete()).isFalse();
        assertThat(wait.end()).isEqualTo(End.NONE);
        clock.set(TimeUnit.MILLISECONDS.toNanos(1020));
        assertThat(over.future().await(30, TimeUnit.SECONDS)).isEqualTo(End.LIMIT);
    }
}
