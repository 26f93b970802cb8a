package dev.vecho.launcher;

import dev.vecho.net.io.Io;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that opens listeners and checks each of their addresses once, and some targets more, and prints the verdicts as
 * JSON, or with the key {@code error} why it does not listen; for namespaces.
 */
final class ServeAndCheck {

    private ServeAndCheck() {}

    /**
     * Runs it.
     *
     * @param arguments the io; how long to wait, in milliseconds; the configuration; more targets
     */
    public static void main(String[] arguments) {
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(2))
                .withTransport(Io.transport(arguments[0]))
                .build();
        EchoServerVerticle server = new EchoServerVerticle();
        vertx.deployVerticle(server, new DeploymentOptions().setConfig(new JsonObject(arguments[2])))
                .compose(deployed -> {
                    List<String> targets = new ArrayList<>();
                    server.listeners().forEach(listener -> targets.addAll(listener.addresses()));
                    JsonArray listening = new JsonArray(new ArrayList<>(targets));
                    targets.addAll(List.of(arguments).subList(3, arguments.length));
                    return Checks.play(vertx, Integer.parseInt(arguments[1]), targets)
                            .map(verdicts ->
                                    new JsonObject().put("listening", listening).put("verdicts", verdicts));
                })
                .otherwise(failure -> new JsonObject().put("error", failure.getMessage()))
                .onComplete(Checks::printAndEnd);
    }
}
