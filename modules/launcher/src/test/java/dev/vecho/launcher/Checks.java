package dev.vecho.launcher;

import dev.vecho.client.Check;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A program that checks each of some targets once, at the same time, and prints the verdicts as JSON; for namespaces. */
final class Checks {

    private Checks() {}

    /**
     * Runs it.
     *
     * @param arguments the io; how long to wait, in milliseconds; the targets
     */
    public static void main(String[] arguments) {
        Vertx vertx = Vertx.builder().withTransport(Io.transport(arguments[0])).build();
        play(vertx, Integer.parseInt(arguments[1]), List.of(arguments).subList(2, arguments.length))
                .onComplete(Checks::printAndEnd);
    }

    /** Prints it, and ends this process with its sockets. */
    static void printAndEnd(AsyncResult<JsonObject> result) {
        System.out.println(result.succeeded() ? result.result().encode() : String.valueOf(result.cause()));
        Runtime.getRuntime().halt(0);
    }

    /** Checks each target once; the result has the verdict of each, and never fails. */
    static Future<JsonObject> play(Vertx vertx, int timeoutMillis, List<String> targets) {
        Map<String, Future<Report>> playing = new LinkedHashMap<>();
        for (String target : targets) {
            JsonObject script = new JsonObject()
                    .put("targets", new JsonArray().add(target))
                    .put("timeoutMillis", timeoutMillis)
                    .put("tls", new JsonObject().put("insecure", true));
            playing.put(
                    target,
                    Check.open(vertx, Script.of(script, Source.named("namespace")))
                            .compose(checks -> checks.get(0).play(1)));
        }
        return Future.join(List.copyOf(playing.values())).transform(all -> {
            JsonObject verdicts = new JsonObject();
            playing.forEach((target, report) -> verdicts.put(target, verdict(report)));
            return Future.succeededFuture(verdicts);
        });
    }

    private static String verdict(Future<Report> report) {
        if (report.failed()) {
            return String.valueOf(report.cause());
        }
        Diagnosis diagnosis = report.result().diagnosis();
        return diagnosis == null ? "passed" : diagnosis.word() + ": " + diagnosis.sentence();
    }
}
