package dev.vecho.client.play;

import dev.vecho.client.report.Report;
import dev.vecho.client.script.Step;
import dev.vecho.core.ClientTransport;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds out whether something waits for the end of the output before it answers, as a proxy that buffers requests does. Plays
 * the steps that lead to the missing answer twice at the same time, each on a connection of its own: with the output left
 * open, and closed. That tells it from a server that is slow, now and then or always.
 */
final class Buffering {

    private static final Duration LONGEST = Duration.ofSeconds(2);

    private Buffering() {}

    /** How long is waited for an answer once the output is closed. */
    static Duration patience(Duration limit) {
        return limit.compareTo(LONGEST) < 0 ? limit : LONGEST;
    }

    /**
     * Compares.
     *
     * @param caseContext of the round
     * @param from the first step on the connection
     * @param missing the step that misses something
     * @param limit how long it waited
     * @return whether the answer comes if the output is closed, and only then; never fails
     */
    static Future<Boolean> compare(
            CaseContext caseContext,
            Context context,
            ClientTransport transport,
            int number,
            int from,
            int missing,
            Duration limit) {
        List<Step> open = new ArrayList<>();
        for (Step step : caseContext.steps().subList(from, missing)) {
            // Steps that only wait are left out.
            if (step instanceof Step.Send send) {
                open.add(new Step.Send(send.payload(), send.count(), 0));
            } else if (!(step instanceof Step.Pause || step instanceof Step.ExpectNothing)) {
                open.add(step);
            }
        }
        List<Step> closed = new ArrayList<>(open);
        closed.add(new Step.CloseOutput());
        Step last = within(caseContext.steps().get(missing), patience(limit));
        open.add(last);
        closed.add(last);
        Future<Boolean> opened = passes(caseContext.with(open), context, transport, number);
        return passes(caseContext.with(closed), context, transport, number)
                .compose(answers -> opened.map(answersBefore -> answers && !answersBefore))
                .otherwise(false);
    }

    private static Future<Boolean> passes(
            CaseContext caseContext, Context context, ClientTransport transport, int number) {
        return Round.probe(caseContext, context, transport, number).play().map(Report::passed);
    }

    private static Step within(Step step, Duration limit) {
        if (step instanceof Step.ExpectService service) {
            return new Step.ExpectService(service.expectation(), limit);
        }
        return step instanceof Step.ExpectBytes exact
                ? new Step.ExpectBytes(exact.payload(), limit)
                : new Step.ExpectEcho(limit);
    }
}
