package dev.vecho.client;

import dev.vecho.core.InvalidInputException;
import dev.vecho.core.Options;
import dev.vecho.core.Problems;
import dev.vecho.core.Source;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plays a script against its targets, all at the same time, each as often as the script repeats. Its configuration is the
 * script, as JSON (see {@link Script}), and optionally {@code reportAddress}: an address of the event bus to which the
 * report is published in the end, as {@link TargetReport#document} describes it.
 *
 * <p>Deployed once the script is found valid; the deployment fails with an {@link InvalidInputException} if it is not.
 * Undeploying it ends what is still being played.
 */
public final class EchoClientVerticle extends VerticleBase {

    private static final Logger LOGGER = LoggerFactory.getLogger(EchoClientVerticle.class);

    private final Promise<List<TargetReport>> reports = Promise.promise();
    private List<Check> checks = List.of();

    /** What the checks found, once all are done; fails if the verticle is undeployed before. */
    public Future<List<TargetReport>> reports() {
        return reports.future();
    }

    @Override
    public Future<?> start() {
        return vertx.executeBlocking(() -> {
                    Configuration configuration = Configuration.read(config());
                    return new Opened(configuration, Check.openAll(vertx, configuration.script()));
                })
                .onSuccess(opened -> {
                    checks = opened.checks();
                    play(opened.configuration());
                });
    }

    @Override
    public Future<?> stop() {
        reports.tryFail("undeployed before the checks were done");
        return Future.join(checks.stream().map(Check::close).toList());
    }

    private void play(Configuration configuration) {
        List<Future<TargetReport>> playing = checks.stream()
                .map(check -> {
                    Promise<TargetReport> done = Promise.promise();
                    play(check, configuration.script().repeat(), new ArrayList<>(), done);
                    return done.future();
                })
                .toList();
        Future.all(playing)
                .onSuccess(all -> {
                    List<TargetReport> found = all.list();
                    if (reports.tryComplete(found)
                            && !configuration.reportAddress().isEmpty()) {
                        vertx.eventBus().publish(configuration.reportAddress(), TargetReport.document(found));
                    }
                })
                .onFailure(cause -> {
                    // Once undeployed, that a round was cut short is no news.
                    if (reports.tryFail(cause)) {
                        LOGGER.error("a check could not be played", cause);
                    }
                });
    }

    private static void play(Check check, int repeat, List<Report> rounds, Promise<TargetReport> done) {
        check.play(rounds.size() + 1)
                .onSuccess(report -> {
                    rounds.add(report);
                    if (rounds.size() < repeat) {
                        play(check, repeat, rounds, done);
                    } else {
                        done.complete(new TargetReport(check.target(), rounds));
                    }
                })
                .onFailure(done::fail);
    }

    private record Configuration(Script script, String reportAddress) {

        /** Blocks, like everything that reads a script. */
        static Configuration read(JsonObject json) {
            Problems problems = new Problems();
            Options options = Options.of(json, Source.named("configuration"), problems);
            String reportAddress = options.text("reportAddress", "");
            Script script = ScriptReader.read(options, json);
            problems.throwIfAny();
            return new Configuration(script, reportAddress);
        }
    }

    private record Opened(Configuration configuration, List<Check> checks) {}
}
