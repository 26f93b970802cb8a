package dev.vecho.client;

import dev.vecho.client.play.CaseContext;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Case;
import dev.vecho.client.script.Script;
import dev.vecho.client.script.Seed;
import dev.vecho.client.verify.SentHistory;
import dev.vecho.core.Transport.Framing;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.function.LongSupplier;

/** Settings for tests: one case, of a run of its own. */
public final class Settings {

    private Settings() {}

    public static CaseContext of(Vertx vertx, Framing framing, Script script, LongSupplier nanoTime) {
        return new CaseContext(
                vertx,
                "fake://peer",
                framing,
                script.steps(framing == Framing.STREAM, Case.of("fake://peer")),
                script.timeout(),
                false,
                Set.of(),
                new Seed(1),
                0,
                new SentHistory(),
                nanoTime);
    }

    /** The same, in a run of its own. */
    static CaseContext alone(CaseContext caseContext) {
        return new CaseContext(
                caseContext.vertx(),
                caseContext.target(),
                caseContext.framing(),
                caseContext.steps(),
                caseContext.timeout(),
                caseContext.kept(),
                caseContext.tolerated(),
                caseContext.seed(),
                caseContext.index(),
                new SentHistory(),
                caseContext.nanoTime());
    }

    static CaseContext kept(CaseContext caseContext) {
        return new CaseContext(
                caseContext.vertx(),
                caseContext.target(),
                caseContext.framing(),
                caseContext.steps(),
                caseContext.timeout(),
                true,
                caseContext.tolerated(),
                caseContext.seed(),
                caseContext.index(),
                caseContext.history(),
                caseContext.nanoTime());
    }

    static CaseContext tolerating(CaseContext caseContext, FailureKind... words) {
        return new CaseContext(
                caseContext.vertx(),
                caseContext.target(),
                caseContext.framing(),
                caseContext.steps(),
                caseContext.timeout(),
                caseContext.kept(),
                Set.of(words),
                caseContext.seed(),
                caseContext.index(),
                caseContext.history(),
                caseContext.nanoTime());
    }
}
