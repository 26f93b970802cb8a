package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Segmented.Cuts;
import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.Report;
import dev.vecho.core.ClientTransport;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Plays a script against a peer again and again, what comes from the peer being cut at every place, into single bytes, and
 * nowhere, and demands the same diagnosis each time.
 */
public final class Replays {

    private static final Duration AMPLE = Duration.ofSeconds(50);

    /** A stream of at most so many bytes is cut at every place. */
    private static final int EVERY = 1500;

    /** A longer one is cut at so many places at each end, and as many between. */
    private static final int MAX = 100;

    /** How many are played at the same time. */
    private static final int BATCH = 500;

    private Replays() {}

    /** What is played each time. */
    private interface Replay {
        Future<List<Report>> play();
    }

    /** Plays one round; returns its report. */
    public static Report play(CaseContext caseContext, Supplier<ClientTransport> peer) {
        return play(caseContext, peer, 1).get(0);
    }

    /**
     * Plays some rounds; returns their reports.
     *
     * @param peer opens a transport to it, which knows of no other
     */
    public static List<Report> play(CaseContext caseContext, Supplier<ClientTransport> peer, int rounds) {
        Segmented whole = new Segmented(peer.get(), Cuts.NOWHERE, false);
        List<Report> first = await(rounds(caseContext, whole, rounds));
        Map<String, Replay> replays = new LinkedHashMap<>();
        replays.put("as the peer sends it", () -> rounds(caseContext, peer.get(), rounds));
        for (boolean together : new boolean[] {false, true}) {
            String turns = together ? ", in one turn" : "";
            replays.put("in one piece" + turns, replay(caseContext, peer, Cuts.NOWHERE, together, rounds));
            replays.put("in single bytes" + turns, replay(caseContext, peer, Cuts.EVERYWHERE, together, rounds));
        }
        for (int at = 1; at < whole.longest(); at++) {
            if (whole.longest() <= EVERY
                    || at < MAX
                    || at > whole.longest() - MAX
                    || at % (whole.longest() / MAX + 1) == 0) {
                replays.put("cut at " + at, replay(caseContext, peer, Cuts.at(at), false, rounds));
            }
        }
        compare(first, replays);
        return first;
    }

    private static Replay replay(
            CaseContext caseContext, Supplier<ClientTransport> peer, Cuts cuts, boolean together, int rounds) {
        return () -> rounds(caseContext, new Segmented(peer.get(), cuts, together), rounds);
    }

    private static void compare(List<Report> first, Map<String, Replay> replays) {
        List<Map.Entry<String, Replay>> left = new ArrayList<>(replays.entrySet());
        while (!left.isEmpty()) {
            List<Map.Entry<String, Replay>> batch = left.subList(0, Math.min(BATCH, left.size()));
            List<Future<List<Report>>> played =
                    batch.stream().map(each -> each.getValue().play()).toList();
            for (int i = 0; i < played.size(); i++) {
                assertThat(verdicts(await(played.get(i))))
                        .as(batch.get(i).getKey())
                        .isEqualTo(verdicts(first));
            }
            batch.clear();
        }
    }

    /** What must be the same: all but times. */
    private static List<String> verdicts(List<Report> reports) {
        return reports.stream()
                .map(report -> report.diagnosis() == null
                        ? "passed, " + report.bytesReceived() + " bytes"
                        : report.diagnosis().toString().replaceAll("\\d+\\.\\d{3} s", "some time"))
                .toList();
    }

    private static Future<List<Report>> rounds(CaseContext caseContext, ClientTransport transport, int rounds) {
        CaseContext own = Settings.alone(caseContext);
        Check check = new Check(own, () -> transport);
        Future<List<Report>> played = Future.succeededFuture(List.of());
        for (int round = 1; round <= rounds; round++) {
            int number = round;
            played = played.compose(before -> check.play(number).map(report -> join(before, report)));
        }
        return played.eventually(check::close);
    }

    private static List<Report> join(List<Report> before, Report report) {
        return Stream.concat(before.stream(), Stream.of(report)).toList();
    }

    private static List<Report> await(Future<List<Report>> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(AMPLE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("took more than " + AMPLE, e);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
