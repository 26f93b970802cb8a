package dev.vecho.client.play;

import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Seed;
import dev.vecho.client.script.Step;
import dev.vecho.client.verify.SentHistory;
import dev.vecho.core.Transport.Framing;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * What all rounds of a case share.
 *
 * @param target as the user wrote it
 * @param timeout of what has no limit of its own
 * @param kept whether the connection stays open from one round to the next
 * @param tolerated which of {@link FailureKind#LOST}, {@link FailureKind#DUPLICATED} and {@link FailureKind#REORDERED} are counted, and do not
 *     fail a round of messages
 * @param seed that of the run
 * @param index of the case among those of the run
 * @param history shared by all cases of the run
 */
public record CaseContext(
        Vertx vertx,
        String target,
        Framing framing,
        List<Step> steps,
        Duration timeout,
        boolean kept,
        Set<FailureKind> tolerated,
        Seed seed,
        int index,
        SentHistory history,
        LongSupplier nanoTime) {

    /** That of the machine. With another one, as tests have it, nothing is known of stalls. */
    public static final LongSupplier CLOCK = System::nanoTime;

    public CaseContext {
        steps = List.copyOf(steps);
        tolerated = Set.copyOf(tolerated);
    }

    /** The same with other steps, on a connection of its own. */
    CaseContext with(List<Step> others) {
        return new CaseContext(
                vertx, target, framing, others, timeout, false, tolerated, seed, index, history, nanoTime);
    }
}
