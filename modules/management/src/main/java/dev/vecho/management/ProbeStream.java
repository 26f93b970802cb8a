package dev.vecho.management;

import dev.vecho.client.Check;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Step;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.management.Probes.Wanted;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Tells a client what happens in a probe while it happens, as server-sent events: {@code begin}, then {@code connected}, {@code step},
 * {@code sent}, {@code received}, {@code ended} and {@code closed}, and in the end {@code verdict} with the report, or {@code problem}.
 * A client that goes away ends the probe.
 */
final class ProbeStream implements Trace {

    /** What is told of what happens; the rest is left out, but for the verdict. */
    private static final int MAX_EVENTS = 1000;

    /** So often something is written at least, for a client that wonders whether anybody is there. */
    private static final long SIGN_MILLIS = 2000;

    private final Vertx vertx;
    private final Context context;
    private final HttpServerResponse response;
    private final Wanted wanted;
    private final long timer;
    private @Nullable Check check;

    /** Belongs to the round's event loop. */
    private int told;

    /** Begins, on the listener's event loop. */
    ProbeStream(Vertx vertx, HttpServerResponse response, Wanted wanted) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.response = response;
        this.wanted = wanted;
        this.timer = vertx.setPeriodic(SIGN_MILLIS, tick -> write(": goes on\n\n"));
        response.exceptionHandler(failure -> gone());
        response.closeHandler(closed -> gone());
    }

    /** The check is open, and about to be played. */
    Trace began(Check opened) {
        check = opened;
        JsonArray steps = new JsonArray();
        opened.steps().forEach(step -> steps.add(describe(step)));
        write(Events.event(
                "begin",
                new JsonObject()
                        .put("target", wanted.target().text())
                        .put("script", wanted.name())
                        .put("withinMillis", wanted.within().toMillis())
                        .put("steps", steps)));
        if (response.closed()) {
            gone();
        }
        return this;
    }

    private static String describe(Step step) {
        if (step instanceof Step.Send send) {
            String many = send.count() == 1 ? "" : ", " + send.count() + " times";
            String rate = send.ratePerSecond() == 0 ? "" : ", " + send.ratePerSecond() + " a second";
            return "send " + bytes(send.payload().size()) + many + rate;
        }
        if (step instanceof Step.ExpectEcho echo) {
            return "expect the echo" + within(echo.within());
        }
        if (step instanceof Step.ExpectBytes exact) {
            return "expect " + bytes(exact.payload().size()) + within(exact.within());
        }
        if (step instanceof Step.ExpectService service) {
            return "expect " + service.expectation().answer() + within(service.within());
        }
        if (step instanceof Step.ExpectEnd end) {
            return "expect the end" + within(end.within());
        }
        if (step instanceof Step.ExpectNothing nothing) {
            return "expect nothing for " + nothing.length().toMillis() + " ms";
        }
        if (step instanceof Step.Pause pause) {
            return "wait " + pause.length().toMillis() + " ms";
        }
        if (step instanceof Step.CloseOutput) {
            return "close the output";
        }
        if (step instanceof Step.StartTls tls) {
            return "begin TLS" + within(tls.within());
        }
        return step.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    private static String bytes(long count) {
        return count + (count == 1 ? " byte" : " bytes");
    }

    private static String within(@Nullable Duration limit) {
        return limit == null ? "" : " within " + limit.toMillis() + " ms";
    }

    void over(Report round) {
        finish(Events.event("verdict", round.toJson()));
    }

    void failed(Throwable cause) {
        if (cause instanceof CancellationException) {
            finish("");
            return;
        }
        boolean wrong = cause instanceof InvalidInputException;
        JsonObject problem = new JsonObject()
                .put(
                        "detail",
                        wrong
                                ? "The script cannot be played against this target."
                                : String.valueOf(cause.getMessage()));
        if (cause instanceof InvalidInputException invalid) {
            problem.put("problems", new JsonArray(invalid.problems()));
        }
        finish(Events.event("problem", problem));
    }

    private void finish(String last) {
        vertx.cancelTimer(timer);
        if (!response.closed()) {
            response.end(last);
        }
    }

    private void gone() {
        vertx.cancelTimer(timer);
        if (check != null) {
            Future<Void> unused = check.close();
        }
    }

    private void write(String text) {
        if (!response.closed() && !response.ended()) {
            response.write(text);
        }
    }

    // ---- what happens, on the round's event loop

    private void tell(String event, Duration at, JsonObject data) {
        if (++told > MAX_EVENTS) {
            return;
        }
        String text = told == MAX_EVENTS
                ? Events.event("omitted", new JsonObject())
                : Events.event(event, data.put("at", Report.millis(at)));
        context.runOnContext(here -> write(text));
    }

    @Override
    public void opened(Duration at, String localAddress, String remoteAddress) {
        tell("connected", at, new JsonObject().put("local", localAddress).put("remote", remoteAddress));
    }

    @Override
    public void begun(Duration at, int step) {
        tell("step", at, new JsonObject().put("step", step).put("done", false));
    }

    @Override
    public void finished(Duration at, int step) {
        tell("step", at, new JsonObject().put("step", step).put("done", true));
    }

    @Override
    public void sent(Duration at, byte[] first, int count) {
        tell("sent", at, piece(first, count));
    }

    @Override
    public void received(Duration at, byte[] first, int count) {
        tell("received", at, piece(first, count));
    }

    private static JsonObject piece(byte[] first, int count) {
        return new JsonObject().put("bytes", count).put("hex", HexFormat.of().formatHex(first));
    }

    @Override
    public void ended(Duration at) {
        tell("ended", at, new JsonObject());
    }

    @Override
    public void closed(Duration at) {
        tell("closed", at, new JsonObject());
    }
}
