package dev.vecho.management;

import dev.vecho.core.config.Options;
import dev.vecho.server.EchoService;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;

/** The section {@code probe}: what clients of the management listener may have probed. Whoever answers them asks for its options. */
public final class ProbeSection implements Section {

    @Override
    public String key() {
        return "probe";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        return options.flag("enabled", true)
                ? new Valid(ProbeOptions.read(vertx, options))
                : new Valid(ProbeOptions.NONE);
    }

    private record Valid(ProbeOptions options) implements Prepared {

        @Override
        public Future<Running> start(EchoService service) {
            return Future.succeededFuture(new On(options));
        }
    }

    private static final class On implements Running {

        private volatile ProbeOptions options;

        On(ProbeOptions options) {
            this.options = options;
        }

        @Override
        public List<String> notes() {
            int count = options.targets().size();
            return count == 0 ? List.of() : List.of(count + (count == 1 ? " pattern" : " patterns") + " of targets");
        }

        @Override
        public boolean adopt(Prepared next) {
            if (next instanceof Valid valid) {
                options = valid.options();
                return true;
            }
            return false;
        }

        @Override
        public <T> Optional<T> face(Class<T> type) {
            return type.isInstance(options) ? Optional.of(type.cast(options)) : Optional.empty();
        }

        @Override
        public Future<Void> stop() {
            return Future.succeededFuture();
        }
    }
}
