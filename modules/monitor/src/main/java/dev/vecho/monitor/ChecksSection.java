package dev.vecho.monitor;

import dev.vecho.core.config.FileNames;
import dev.vecho.core.config.Options;
import dev.vecho.server.EchoService;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The section {@code checks}: what the service checks on a schedule, by name. */
public final class ChecksSection implements Section {

    /** No check can have this name. */
    private static final String STATE_FILE = "stateFile";

    @Override
    public String key() {
        return "checks";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        List<CheckDefinition> definitions = new ArrayList<>();
        Set<String> off = new HashSet<>();
        Path stateFile = stateFile(options);
        for (String name : options.keys().stream().sorted().toList()) {
            // A later source has removed one that is null.
            if (name.equals(STATE_FILE) || !options.has(name)) {
                continue;
            }
            CheckDefinition one = CheckDefinition.read(vertx, options, name);
            if (one != null) {
                definitions.add(one);
            } else {
                off.add(name);
            }
        }
        return new Valid(vertx, List.copyOf(definitions), Set.copyOf(off), stateFile);
    }

    /**
     * Plays the checks of a section on their own, without a service, on the caller's event loop. Nothing outlives it.
     *
     * @param prepared what this section has read
     * @param listener hears of what happens from the beginning
     */
    public static Monitor play(Prepared prepared, MonitorListener listener) {
        if (!(prepared instanceof Valid valid)) {
            throw new IllegalArgumentException("another section");
        }
        Monitor monitor = new Monitor(valid.vertx());
        monitor.listen(listener);
        monitor.play(valid.definitions(), valid.off());
        return monitor;
    }

    /** Not read as a file of the configuration is: that it changes must not be a reason to reload. */
    private static @Nullable Path stateFile(Options options) {
        String name = options.text(STATE_FILE);
        if (name == null) {
            return null;
        }
        try {
            Path file = options.source(STATE_FILE).directory().resolve(name).toAbsolutePath();
            if (Files.isDirectory(file)) {
                options.problem(STATE_FILE, "is a directory: " + file);
            }
            return file;
        } catch (InvalidPathException e) {
            options.problem(STATE_FILE, FileNames.problem(name));
            return null;
        }
    }

    /** @param off the names of those that are switched off */
    private record Valid(
            Vertx vertx,
            List<CheckDefinition> definitions,
            Set<String> off,
            @Nullable Path stateFile) implements Prepared {

        @Override
        public Future<Section.Running> start(EchoService service) {
            RunningChecks checks = new RunningChecks(vertx, new Monitor(vertx));
            return checks.keeper.start(stateFile).map(restored -> {
                checks.monitor.play(definitions, off);
                return checks;
            });
        }
    }

    private static final class RunningChecks implements Section.Running {

        private final Monitor monitor;
        private final StateKeeper keeper;

        RunningChecks(Vertx vertx, Monitor monitor) {
            this.monitor = monitor;
            this.keeper = new StateKeeper(vertx, monitor, StateKeeper.USUAL);
        }

        @Override
        public List<String> notes() {
            int count = monitor.checks().size();
            return List.of(count + (count == 1 ? " check" : " checks"));
        }

        @Override
        public boolean adopt(Prepared next) {
            if (next instanceof Valid valid) {
                keeper.adopt(valid.stateFile());
                monitor.play(valid.definitions(), valid.off());
                return true;
            }
            return false;
        }

        @Override
        public <T> Optional<T> face(Class<T> type) {
            return type.isInstance(monitor) ? Optional.of(type.cast(monitor)) : Optional.empty();
        }

        @Override
        public Future<Void> stop() {
            List<MonitoredCheck> last = monitor.checks();
            return monitor.close().eventually(() -> keeper.close(last));
        }
    }
}
