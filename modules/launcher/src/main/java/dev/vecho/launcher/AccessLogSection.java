package dev.vecho.launcher;

import dev.vecho.core.config.Options;
import dev.vecho.server.EchoService;
import dev.vecho.server.LogLines;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;

/** The section {@code accessLog}: a line of JSON for each connection when it ends. Rotation is logback's. */
public final class AccessLogSection implements Section {

    @Override
    public String key() {
        return "accessLog";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        if (!options.flag("enabled", true)) {
            return service -> Future.succeededFuture(new Off());
        }
        AccessLogOptions read = AccessLogOptions.read(options);
        return service -> start(vertx, read, service);
    }

    private static Future<Running> start(Vertx vertx, AccessLogOptions options, EchoService service) {
        return vertx.executeBlocking(() -> AccessLog.open(options), false).map(log -> {
            service.onConnectionEnd(log);
            return new On(vertx, service, log);
        });
    }

    private record On(Vertx vertx, EchoService service, AccessLog log) implements Running {

        @Override
        public List<String> notes() {
            return log.notes();
        }

        @Override
        public <T> Optional<T> face(Class<T> type) {
            return type == LogLines.class ? Optional.of(type.cast(log.lines())) : Optional.empty();
        }

        @Override
        public Future<Void> stop() {
            service.onConnectionEnd(null);
            return vertx.<Void>executeBlocking(
                            () -> {
                                log.close();
                                return null;
                            },
                            false)
                    .otherwiseEmpty();
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
