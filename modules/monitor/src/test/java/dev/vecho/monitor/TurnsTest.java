package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {

    @Test
    void letsSoManyAndThenOneForEachThatIsBack() {
        Turns turns = new Turns(2);
        List<Integer> begun = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int number = i;
            turns.take(() -> begun.add(number));
        }
        assertThat(begun).containsExactly(0, 1);
        turns.back();
        assertThat(begun).containsExactly(0, 1, 2);
        turns.back();
        turns.back();
        turns.back();
        turns.back();
        turns.take(() -> begun.add(5));
        assertThat(begun).containsExactly(0, 1, 2, 3, 4, 5);
    }

    @Test
    void doesNotNeedAStackForThoseThatAreBackAtOnce() {
        Turns turns = new Turns(1);
        int[] done = {0};
        turns.take(() -> {});
        for (int i = 0; i < 1_000_000; i++) {
            turns.take(() -> {
                done[0]++;
                turns.back();
            });
        }
        turns.back();
        assertThat(done[0]).isEqualTo(1_000_000);
    }
}
