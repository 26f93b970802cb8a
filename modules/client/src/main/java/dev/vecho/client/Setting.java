package dev.vecho.client;

import dev.vecho.client.Diagnosis.Word;
import dev.vecho.core.Transport.Carriage;
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
 * @param tolerated which of {@link Word#LOST}, {@link Word#DUPLICATED} and {@link Word#REORDERED} are counted, and do not
 *     fail a round of messages
 * @param seed that of the run
 * @param index of the case among those of the run
 * @param recent shared by all cases of the run
 */
record Setting(
        Vertx vertx,
        String target,
        Carriage carriage,
        List<Step> steps,
        Duration timeout,
        boolean kept,
        Set<Word> tolerated,
        Seed seed,
        int index,
        Recent recent,
        LongSupplier nanoTime) {

    Setting {
        steps = List.copyOf(steps);
        tolerated = Set.copyOf(tolerated);
    }

    /** The same with other steps, on a connection of its own. */
    Setting with(List<Step> others) {
        return new Setting(vertx, target, carriage, others, timeout, false, tolerated, seed, index, recent, nanoTime);
    }
}
