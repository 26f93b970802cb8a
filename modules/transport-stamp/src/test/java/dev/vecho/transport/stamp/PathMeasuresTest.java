package dev.vecho.transport.stamp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Directions;
import dev.vecho.transport.stamp.TestPackets.FollowUp;
import dev.vecho.transport.stamp.TestPackets.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PathMeasuresTest {

    private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");

    private @Nullable Duration clockError;
    private PathMeasures measures = new PathMeasures(null, null);

    @Test
    void tellsTheDirectionOfLossesByTheNumbersOfTheReflector() {
        send(10);
        // Lost on the way: 2 and 5. Lost on the way back: the reply 4, which is that to 6.
        back(0, 0);
        back(1, 1);
        back(3, 2);
        back(4, 3);
        back(7, 5);
        back(8, 6);
        back(9, 7);
        isLost(2, 1, 0);
    }

    @Test
    void saysThatTheTailWasLostOnEitherWay() {
        send(6);
        back(0, 0);
        back(2, 1);
        isLost(1, 0, 3);
        // What is in doubt is not counted for those that follow: 3 and 4 had come, and only their replies were lost.
        send(3);
        back(6, 4);
        back(8, 5);
        isLost(1, 0, 0);
        send(2);
        back(10, 7);
        isLost(0, 1, 0);
    }

    @Test
    void claimsNothingWhereTheReflectorMayRepeatTheSendersNumbers() {
        send(5);
        back(0, 0);
        back(1, 1);
        back(4, 4);
        Directions directions = measures.take();
        assertThat(directions.forward().lost()).isNull();
        assertThat(directions.backward().lost()).isNull();
        assertThat(directions.lostUnknown()).isEqualTo(2);
    }

    @Test
    void knowsThatNothingWasLostWhereAllCameBack() {
        send(1);
        back(0, 0);
        isLost(0, 0, 0);
        assertThat(measures.stateful()).isNull();
    }

    @Test
    void knowsAStatefulReflectorByItsFollowUp() {
        send(5);
        back(0, 0, new FollowUp(0, 0));
        back(1, 1, new FollowUp(0, 99));
        back(4, 4, new FollowUp(3, 99));
        isLost(0, 2, 0);
        assertThat(measures.stateful()).isTrue();
    }

    @Test
    void knowsAStatelessReflectorByItsFollowUp() {
        send(3);
        back(0, 0, new FollowUp(0, 0));
        assertThat(measures.stateful()).isNull();
        back(2, 2, new FollowUp(0, 0));
        assertThat(measures.stateful()).isFalse();
        assertThat(measures.take().lostUnknown()).isEqualTo(1);
    }

    @Test
    void tellsTheDirectionOfDuplicatesAndOfReordering() {
        measures = new PathMeasures(true, null);
        send(6);
        back(0, 0);
        // Twice on the way: two numbers. Twice on the way back: one.
        back(1, 1);
        back(1, 2);
        back(2, 3);
        back(2, 3);
        // 4 overtook 3 on the way; the reply to 5 that to 3 on the way back.
        back(4, 4);
        back(5, 6);
        back(3, 5);
        Directions directions = measures.take();
        assertThat(directions.forward().duplicated()).isEqualTo(1);
        assertThat(directions.backward().duplicated()).isEqualTo(1);
        assertThat(directions.forward().reordered()).isEqualTo(1);
        assertThat(directions.backward().reordered()).isEqualTo(1);
        assertThat(directions.forward().lost()).isZero();
        assertThat(directions.backward().lost()).isZero();
        assertThat(directions.lostUnknown()).isZero();
    }

    @Test
    void doesNotBlameWhatComesLate() {
        measures = new PathMeasures(true, null);
        send(3);
        back(0, 0);
        back(2, 2);
        isLost(0, 1, 0);
        send(2);
        back(1, 1);
        back(3, 3);
        back(4, 4);
        isLost(0, 0, 0);
    }

    @Test
    void goesOnInASessionThatTheReflectorKnewBefore() {
        send(3);
        back(0, 500);
        back(2, 501);
        isLost(1, 0, 0);
    }

    @Test
    void believesNoReflectorThatLeaps() {
        send(4);
        back(0, 0);
        back(1, 5);
        back(3, 1 << 30);
        Directions directions = measures.take();
        assertThat(directions.forward().lost()).isNull();
        assertThat(directions.lostUnknown()).isEqualTo(1);
        send(2);
        back(4, 7);
        back(5, 8);
        isLost(0, 0, 0);
    }

    @Test
    void claimsNoDirectionWhereTheReflectorBeganAnew() {
        measures = new PathMeasures(true, null);
        send(8);
        back(0, 0);
        back(1, 1);
        back(2, 2);
        // From here on it has lost its state, and its reply 1 is lost on the way back.
        back(3, 0);
        back(5, 2);
        back(6, 3);
        back(7, 4);
        Directions directions = measures.take();
        assertThat(directions.forward().lost()).isNull();
        assertThat(directions.backward().lost()).isNull();
        assertThat(directions.lostUnknown()).isEqualTo(1);
        send(2);
        back(8, 5);
        back(9, 7);
        send(1);
        back(10, 8);
        isLost(0, 0, 0);
    }

    @Test
    void numbersGoOnAfterTheLargest() {
        send(2);
        assertThat(measures.number(0)).isZero();
        assertThat(measures.number(1)).isOne();
        assertThat(measures.number(2)).isEqualTo(-1);
        assertThat(measures.number(-1)).isEqualTo(-1);
        back(0, -1);
        back(1, 0);
        isLost(0, 0, 0);
    }

    @Test
    void measuresJitterByClocksThatDiffer() {
        send(3);
        times(0, 3_600_000, 10, 5);
        times(1, 3_600_000, 26, 5);
        times(2, 3_600_000, 26, 5);
        Directions directions = measures.take();
        // 16 ms more once, by a sixteenth, and less by a sixteenth of that.
        assertThat(directions.forward().jitter()).isEqualTo(Duration.ofNanos(937_500));
        assertThat(directions.backward().jitter()).isEqualTo(Duration.ZERO);
        assertThat(directions.forward().delay()).isNull();
    }

    @Test
    void measuresDelayWhereBothClocksAreRight() {
        clockError = Duration.ofMillis(1);
        measures = new PathMeasures(null, clockError);
        send(2);
        times(0, 0, 10, 5);
        times(1, 0, 30, 5);
        Directions.Delay delay =
                Objects.requireNonNull(measures.take().forward().delay());
        assertThat(delay.min()).isEqualTo(Duration.ofMillis(10));
        assertThat(delay.mean()).isEqualTo(Duration.ofMillis(20));
        assertThat(delay.max()).isEqualTo(Duration.ofMillis(30));
        assertThat(delay.error()).isEqualTo(Duration.ofMillis(3));
    }

    private void send(int count) {
        for (int i = 0; i < count; i++) {
            measures.send();
        }
    }

    private void back(int number, int reflector) {
        back(number, reflector, null);
    }

    private void back(int number, int reflector, @Nullable FollowUp followUp) {
        measures.back(measures.number(number), reply(number, reflector, START, START, followUp), START, START);
    }

    private void times(int number, long offset, long there, long here) {
        Instant received = START.plusMillis(there + offset);
        measures.back(
                number,
                reply(number, number, received, received.plusMillis(1), null),
                START,
                START.plusMillis(there + 1 + here));
    }

    private Reply reply(int number, int reflector, Instant received, Instant sent, @Nullable FollowUp followUp) {
        ErrorEstimate estimate = new ErrorEstimate(clockError != null, Timestamps.NTP, Duration.ofMillis(2));
        return new Reply(reflector, number, 0, received, sent, estimate, followUp, null, null);
    }

    private void isLost(long forward, long backward, long unknown) {
        Directions directions = measures.take();
        assertThat(directions.forward().lost()).as("forward").isEqualTo(forward);
        assertThat(directions.backward().lost()).as("backward").isEqualTo(backward);
        assertThat(directions.lostUnknown()).as("unknown").isEqualTo(unknown);
    }
}
