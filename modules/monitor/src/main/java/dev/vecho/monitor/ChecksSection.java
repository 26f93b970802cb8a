package dev.vecho.monitor;

import dev.vecho.core.config.Options;
import dev.vecho.server.EchoService;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;

/** The section {@code checks}: what the service checks on a schedule, by name. */
public final class ChecksSection implements Section {

    @Override
    public String key() {
        return "checks";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        List<CheckDefinition> definitions = new ArrayList<>();
        for (String name : options.keys().stream().sorted().toList()) {
            // A later source has removed one that is null.
            CheckDefinition one = options.has(name) ? CheckDefinition.read(vertx, options, name) : null;
            if (one != null) {
                definitions.add(one);
            }
        }
        return new Valid(vertx, List.copyOf(definitions));
    }

    private record Valid(Vertx vertx, List<CheckDefinition> definitions) implements Prepared {

        @Override
        public Future<Section.Running> start(EchoService service) {
            RunningChecks checks = new RunningChecks(new Monitor(vertx));
            checks.monitor().play(definitions);
            return Future.succeededFuture(checks);
        }
    }

    private record RunningChecks(Monitor monitor) implements Section.Running {

        @Override
        public List<String> notes() {
            int count = monitor.checks().size();
            return List.of(count + (count == 1 ? " check" : " checks"));
        }

        @Override
        public boolean adopt(Prepared next) {
            if (next instanceof Valid valid) {
                monitor.play(valid.definitions());
                return true;
            }
            return false;
        }

        @Override
        public <T> java.util.Optional<T> face(Class<T> type) {
            return type.isInstance(monitor) ? java.util.Optional.of(type.cast(monitor)) : java.util.Optional.empty();
        }

        @Override
        public Future<Void> stop() {
            return monitor.close();
        }
    }
}
