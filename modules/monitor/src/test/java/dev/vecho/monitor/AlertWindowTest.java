package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlertWindowTest {

    /** P passed, F failed; u unknown, o ok, f failing. */
    @ParameterizedTest
    @CsvSource({
        "1, 1, PFPFFP, ofoffo",
        "1, 1, F, f",
        "3, 3, FFPFFFPPFPPP, uuoooffffffo",
        "2, 5, PFPPPPFPPPFPPFPP, ooooooooooffoooo",
        "2, 5, FPFPFPP, uoffffo",
        "60, 60, PFFFF, ooooo"
    })
    void failsAndRecovers(int failures, int outOf, String rounds, String states) {
        AlertWindow window = new AlertWindow(new Alert(failures, outOf));
        StringBuilder found = new StringBuilder();
        for (int i = 0; i < rounds.length(); i++) {
            found.append(window.add(rounds.charAt(i) == 'P').toString().charAt(0));
        }
        assertThat(found.toString()).isEqualTo(states);
    }
}
