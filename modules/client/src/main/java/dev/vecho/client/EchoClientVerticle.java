package dev.vecho.client;

import dev.vecho.client.script.Script;
import dev.vecho.client.script.ScriptReader;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plays a script, as a {@link Run}. Its configuration is the script, as JSON (see {@link Script}), and optionally
 * {@code reportAddress}: an address of the event bus to which the report is published in the end, as
 * {@link RunReport#toJson} describes it.
 *
 * <p>Deployed once the script is found valid; the deployment fails with an {@link InvalidInputException} if it is not.
 * Undeploying it ends what is still being played; the report tells what was found until then.
 */
public final class EchoClientVerticle extends VerticleBase {

    private static final Logger LOGGER = LoggerFactory.getLogger(EchoClientVerticle.class);

    private final Promise<RunReport> report = Promise.promise();
    private @Nullable Run run;

    /** What was found, once all is played or the verticle is undeployed; fails if something could not be played. */
    public Future<RunReport> report() {
        return report.future();
    }

    @Override
    public Future<?> start() {
        return vertx.executeBlocking(() -> Configuration.read(config()))
                .compose(configuration -> Run.open(vertx, configuration.script())
                        .onSuccess(opened -> {
                            run = opened;
                            play(opened, configuration.reportAddress());
                        }));
    }

    @Override
    public Future<?> stop() {
        return run == null ? Future.succeededFuture() : run.cancel();
    }

    private void play(Run opened, String reportAddress) {
        opened.play(RunListener.NONE)
                .onSuccess(found -> {
                    if (!reportAddress.isEmpty()) {
                        vertx.eventBus().publish(reportAddress, found.toJson());
                    }
                })
                .onFailure(cause -> LOGGER.error("a check could not be played", cause))
                .onComplete(report);
    }

    private record Configuration(Script script, String reportAddress) {

        /** Blocks, like everything that reads a script. */
        static Configuration read(JsonObject json) {
            Problems problems = new Problems();
            Source source = Source.named("configuration");
            String[] reportAddress = {""};
            Script script = ScriptReader.read(
                    json,
                    source,
                    Map.of(),
                    source,
                    problems,
                    options -> reportAddress[0] = options.text("reportAddress", ""));
            problems.throwIfAny();
            return new Configuration(script, reportAddress[0]);
        }
    }
}
