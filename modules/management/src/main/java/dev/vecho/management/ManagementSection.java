package dev.vecho.management;

import dev.vecho.core.config.Options;
import dev.vecho.server.EchoService;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;

/** The section {@code management}: a listener on which the running service is watched and told what to do. */
public final class ManagementSection implements Section {

    @Override
    public String key() {
        return "management";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        return options.flag("enabled", true)
                ? new On(vertx, ManagementOptions.read(options))
                : service -> Future.succeededFuture(new Off());
    }

    /** One that listens. */
    record On(Vertx vertx, ManagementOptions options) implements Prepared {

        @Override
        public Future<Running> start(EchoService service) {
            return new ManagementServer(vertx, options, service).start();
        }
    }

    /** One that is switched off. */
    private static final class Off implements Running {

        @Override
        public List<String> notes() {
            return List.of();
        }

        @Override
        public Future<Void> stop() {
            return Future.succeededFuture();
        }
    }
}
