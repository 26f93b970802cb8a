package dev.vecho.management;

import dev.vecho.core.config.Options;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** The section {@code management}: a listener on which the running service is watched and told what to do. */
public final class ManagementSection implements Section {

    @Override
    public String key() {
        return "management";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        if (!options.flag("enabled", true)) {
            return service -> Future.succeededFuture(new Off());
        }
        ManagementOptions read = ManagementOptions.read(options);
        return service -> new ManagementServer(vertx, read, service).start();
    }

    /** One that is switched off. */
    private static final class Off implements Running {

        @Override
        public java.util.List<String> notes() {
            return java.util.List.of();
        }

        @Override
        public Future<Void> stop() {
            return Future.succeededFuture();
        }
    }
}
