package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.Faults.Carried;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is lost is distributed as it is configured, over 200,000 messages from a fixed seed. */
class MessageLaneTest {

    private static final int MESSAGES = 200_000;

    private static Vertx vertx;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    /** How many were lost in a row, for each time that any were. */
    private static List<Integer> bursts(String loss) throws Exception {
        Problems problems = new Problems();
        JsonObject faults = new JsonObject()
                .put("seed", 42)
                .put("toPeer", new JsonObject().put("loss", new JsonObject(loss.replace('\'', '"'))));
        SharedFaults shared = new SharedFaults(
                new FaultsReader(Options.of(faults, Source.named("test"), problems), Set.of(Carried.MESSAGES), false)
                        .read());
        problems.throwIfAny();
        CompletableFuture<List<Integer>> found = new CompletableFuture<>();
        vertx.runOnContext(now -> {
            List<Integer> bursts = new ArrayList<>();
            int[] lost = {0};
            boolean[] passed = {false};
            Answers answers = new Answers() {
                @Override
                public void send(Buffer answer) {
                    throw new AssertionError("not asked for");
                }

                @Override
                public void fault(String name) {
                    assertThat(name).isEqualTo("toPeer.loss");
                    lost[0]++;
                }
            };
            Buffer message = Buffer.buffer("x");
            for (int i = 0; i < MESSAGES; i++) {
                passed[0] = false;
                shared.messages().toPeer().pass(message, answers, bytes -> passed[0] = true);
                if (passed[0] && lost[0] > 0) {
                    bursts.add(lost[0]);
                    lost[0] = 0;
                }
            }
            found.complete(bursts);
        });
        return found.get(60, TimeUnit.SECONDS);
    }

    private static double rate(List<Integer> bursts) {
        return bursts.stream().mapToInt(each -> each).sum() / (double) MESSAGES;
    }

    private static double mean(List<Integer> bursts) {
        return bursts.stream().mapToInt(each -> each).average().orElseThrow();
    }

    @Test
    void losesOnePercent() throws Exception {
        List<Integer> bursts = bursts("{'rate': 0.01}");
        // 2,000 on average, and a standard deviation of 44.
        assertThat(rate(bursts)).isCloseTo(0.01, within(0.001));
        assertThat(mean(bursts)).isCloseTo(1 / 0.99, within(0.02));
    }

    @Test
    void losesInBursts() throws Exception {
        List<Integer> bursts = bursts("{'rate': 0.05, 'burst': 5}");
        assertThat(rate(bursts)).isCloseTo(0.05, within(0.005));
        assertThat(mean(bursts)).isCloseTo(5, within(0.3));
        // Their lengths are distributed geometrically: 0.8 to the power of four are longer than four.
        double longer = bursts.stream().filter(each -> each > 4).count() / (double) bursts.size();
        assertThat(longer).isCloseTo(Math.pow(0.8, 4), within(0.04));
    }

    @Test
    void losesByTwoStates() throws Exception {
        List<Integer> bursts = bursts("{'toBad': 0.01, 'toGood': 0.1, 'inBad': 0.5, 'inGood': 0.001}");
        // In the bad state for one message of eleven.
        assertThat(rate(bursts)).isCloseTo(0.5 / 11 + 0.001 * 10 / 11, within(0.005));
    }
}
