package dev.vecho.net;

import static dev.vecho.net.ConnectionEnd.State.CLOSED;
import static dev.vecho.net.ConnectionEnd.State.COMPLETE;
import static dev.vecho.net.ConnectionEnd.State.CUT;
import static dev.vecho.net.ConnectionEnd.State.DISCARDING;
import static dev.vecho.net.ConnectionEnd.State.ENDING;
import static dev.vecho.net.ConnectionEnd.State.FAILING;
import static dev.vecho.net.ConnectionEnd.State.LINGERING;
import static dev.vecho.net.ConnectionEnd.State.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Traffic;
import dev.vecho.net.ConnectionEnd.State;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.io.IOException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConnectionEndTest {

    private static final Map<State, Set<State>> LEGAL = new EnumMap<>(Map.of(
            OPEN, Set.of(FAILING, DISCARDING, ENDING, LINGERING, COMPLETE, CUT, CLOSED),
            FAILING, Set.of(DISCARDING, CUT, CLOSED),
            DISCARDING, Set.of(ENDING, LINGERING, COMPLETE, CUT, CLOSED),
            ENDING, Set.of(FAILING, DISCARDING, LINGERING, COMPLETE, CUT, CLOSED),
            LINGERING, Set.of(COMPLETE, CUT, CLOSED),
            COMPLETE, Set.of(CUT, CLOSED),
            CUT, Set.of(CLOSED),
            CLOSED, Set.of()));

    static List<Arguments> transitions() {
        List<Arguments> all = new ArrayList<>();
        for (State from : State.values()) {
            for (State next : State.values()) {
                all.add(Arguments.of(
                        from, next, Objects.requireNonNull(LEGAL.get(from)).contains(next)));
            }
        }
        return all;
    }

    @ParameterizedTest(name = "{0} to {1}: {2}")
    @MethodSource("transitions")
    void goesOnOnlyToWhatMayFollow(State from, State next, boolean legal) {
        ConnectionEnd end = in(from);
        assertThat(end.to(next)).isEqualTo(legal);
        assertThat(end.is(legal ? next : from)).isTrue();
        for (State other : State.values()) {
            assertThat(end.is(other)).isEqualTo(other == (legal ? next : from));
        }
    }

    private static ConnectionEnd in(State state) {
        ConnectionEnd end = new ConnectionEnd();
        assertThat(end.to(state)).isEqualTo(state != OPEN);
        return end;
    }

    @ParameterizedTest
    @EnumSource
    void isOverWhereNothingIsLeftToDo(State state) {
        assertThat(in(state).isOver()).isEqualTo(Set.of(COMPLETE, CUT, CLOSED).contains(state));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CLOSED")
    void isWholeOnlyIfItWasComplete(State state) {
        ConnectionEnd end = in(state);
        FailureReason expected = state == COMPLETE ? null : FailureReason.RESET;
        assertThat(end.failure(FailureReason.RESET)).as("if it were closed").isEqualTo(expected);
        end.to(CLOSED);
        assertThat(end.failure(FailureReason.RESET)).isEqualTo(expected);
        assertThat(end.isBroken()).isEqualTo(state != COMPLETE);
    }

    @Test
    void keepsTheFirstReason() {
        ConnectionEnd end = in(ENDING);
        assertThat(end.cut(null)).isTrue();
        end.broken(FailureReason.IDLE);
        end.broken(FailureReason.RESET);
        end.to(CLOSED);
        assertThat(end.failure(FailureReason.DRAIN)).isEqualTo(FailureReason.IDLE);
    }

    @Test
    void takesNoReasonForACutThatIsTooLate() {
        ConnectionEnd end = in(CUT);
        assertThat(end.cut(FailureReason.IDLE)).isFalse();
        assertThat(end.failure(FailureReason.DRAIN)).isEqualTo(FailureReason.DRAIN);
    }

    @Test
    void isBrokenWhereThatWasNotedHoweverItEnds() {
        ConnectionEnd end = new ConnectionEnd();
        end.broken(FailureReason.UNFINISHED);
        assertThat(end.is(OPEN)).isTrue();
        assertThat(end.isBroken()).isTrue();
        end.to(COMPLETE);
        end.to(CLOSED);
        assertThat(end.failure(FailureReason.DRAIN)).isEqualTo(FailureReason.UNFINISHED);
    }

    @Test
    void breaksWhatFailsWhileItIsClosed() {
        ConnectionEnd end = in(COMPLETE);
        assertThat(end.cut(FailureReason.RESET)).isTrue();
        assertThat(end.failure(FailureReason.DRAIN)).isEqualTo(FailureReason.RESET);
    }

    @Test
    void countsWholeAndBrokenConnections() {
        Traffic traffic = new Traffic();
        for (State state : List.of(COMPLETE, CUT, OPEN)) {
            assertThat(traffic.open(3)).isTrue();
            ConnectionEnd end = in(state);
            if (state == CUT) {
                end.broken(FailureReason.IDLE);
            }
            end.to(CLOSED);
            end.count(traffic, FailureReason.DRAIN);
        }
        assertThat(traffic.failures()).isEqualTo(Map.of("idle with echoes under way", 1L, "cut by the drain", 1L));
        assertThat(traffic.snapshot()).isEqualTo(new Traffic.Snapshot(3, 0, 0, 2, 0, 0));
    }

    static List<Arguments> failures() {
        return List.of(
                Arguments.of(new IOException("Connection reset by peer"), FailureReason.RESET),
                Arguments.of(new SocketException("Broken pipe"), FailureReason.RESET),
                Arguments.of(new ChannelOutputShutdownException("STOP_SENDING frame received"), FailureReason.RESET),
                Arguments.of(new IOException("Connection timed out"), FailureReason.UNREACHABLE),
                Arguments.of(new IOException("Network is unreachable"), FailureReason.UNREACHABLE),
                Arguments.of(new NoRouteToHostException(), FailureReason.UNREACHABLE),
                Arguments.of(new IOException("Cannot allocate memory"), FailureReason.MEMORY),
                Arguments.of(new IOException("No buffer space available"), FailureReason.MEMORY),
                Arguments.of(new OutOfMemoryError("no buffer"), FailureReason.MEMORY),
                Arguments.of(new SSLHandshakeException("no shared cipher"), FailureReason.TLS_NO_SHARED_CIPHER),
                Arguments.of(
                        new DecoderException(new SSLHandshakeException("no shared cipher")),
                        FailureReason.TLS_NO_SHARED_CIPHER),
                Arguments.of(new SslHandshakeTimeoutException("after 1 ms"), FailureReason.TLS_TIMEOUT),
                Arguments.of(new NotSslRecordException("GET /"), FailureReason.TLS_PLAIN_TEXT),
                Arguments.of(
                        new SSLHandshakeException("Received fatal alert: certificate_unknown"),
                        FailureReason.TLS_BAD_CERTIFICATE),
                Arguments.of(
                        new SSLHandshakeException("(certificate_unknown) PKIX path building failed")
                                .initCause(new CertificateException("PKIX path building failed")),
                        FailureReason.TLS_CLIENT_CERTIFICATE),
                Arguments.of(new SSLException("bad record MAC"), FailureReason.TLS_OTHER),
                Arguments.of(new DecoderException("not a PROXY header"), FailureReason.INPUT),
                Arguments.of(new TimeoutException("no PROXY header"), FailureReason.INPUT),
                Arguments.of(new IllegalStateException("a handler failed"), FailureReason.INTERNAL),
                Arguments.of(
                        new ClosedChannelException().initCause(new IOException("Broken pipe")), FailureReason.RESET),
                Arguments.of(new ClosedChannelException(), null));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void tellsTheReasonOfAFailure(Throwable failure, @Nullable FailureReason reason) {
        assertThat(ConnectionEnd.reason(failure)).isEqualTo(reason);
    }
}
