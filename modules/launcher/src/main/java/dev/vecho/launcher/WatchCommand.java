package dev.vecho.launcher;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.monitor.ChecksSection;
import dev.vecho.monitor.Counts;
import dev.vecho.monitor.Monitor;
import dev.vecho.monitor.MonitorListener;
import dev.vecho.monitor.MonitoredCase;
import dev.vecho.monitor.MonitoredCheck;
import dev.vecho.monitor.State;
import dev.vecho.monitor.StateChange;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vecho watch}: plays the checks of a configuration without its listeners, and shows how they do. */
@Command(
        name = "watch",
        description = {
            "Plays the checks of a configuration on their schedules, and opens none of its listeners.",
            "On a terminal it shows a line for each case, with the last rounds, until q or Ctrl-C. Elsewhere it prints a line for each "
                    + "change of a case's state. In the end it prints how all of them are. It tells no receivers, and neither "
                    + "reads nor writes a stateFile."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:all checks are ok in the end",
            "1:one is not, or no round of it is over",
            "2:wrong usage or configuration",
            Main.ITSELF_FAILED
        })
final class WatchCommand implements Callable<Integer> {

    private static final Duration REDRAW = Duration.ofMillis(500);
    private static final long POLL_MILLIS = 50;
    private static final int MOST_UNTOLD = 10_000;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "CONFIG",
            description = "A configuration of JSON or YAML, with checks; later ones over earlier ones.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = {"-o", "--output"},
            paramLabel = Output.NAMES,
            defaultValue = "text",
            description = "What standard output gets; json is an object a line. Default: ${DEFAULT-VALUE}")
    private Output output = Output.text;

    @Option(names = "--for", paramLabel = "D", description = "Ends after that time. Default: it goes on.")
    private @Nullable Duration time;

    /** A reader that is slow must not delay the checks. */
    private final BlockingQueue<StateChange> changes = new ArrayBlockingQueue<>(MOST_UNTOLD);

    private final AtomicLong untold = new AtomicLong();

    @Override
    public Integer call() throws Exception {
        CommandSpec known = Objects.requireNonNull(spec);
        if (time != null && time.toMillis() < 1) {
            throw new ParameterException(known.commandLine(), "--for: must be 1ms or more");
        }
        PrintWriter out = known.commandLine().getOut();
        CountDownLatch stop = new CountDownLatch(1);
        Signals.stopCommand(stop);
        ((Main) known.root().userObject()).output().onFailure(stop::countDown);
        Vertx vertx = Launch.vertx(Io.AUTO);
        try {
            Configuration configuration = Configuration.load(vertx, files).await();
            if (Launch.wantsOtherIo(vertx, configuration)) {
                vertx.close().await();
                vertx = Launch.vertx(configuration.io());
            }
            Section.Prepared prepared =
                    configuration.section(vertx, Transports.load(), "checks").orElseThrow(WatchCommand::nothing);
            WarmUp.ofCheck(vertx).await();
            Monitor monitor = play(vertx, prepared);
            if (monitor.checks().isEmpty()) {
                throw nothing();
            }
            if (output == Output.text && Ansi.AUTO.enabled()) {
                show(monitor, stop, out);
            } else {
                tell(stop, out);
            }
            return end(monitor.checks(), out);
        } finally {
            vertx.close().await();
        }
    }

    private static InvalidInputException nothing() {
        return new InvalidInputException(List.of("checks: must name at least one that is enabled"));
    }

    private Monitor play(Vertx vertx, Section.Prepared prepared) {
        MonitorListener listener = new MonitorListener() {
            @Override
            public void changed(MonitoredCheck check, StateChange change) {
                boolean own = change.caseName() != null || check.cases().isEmpty();
                if (own && !changes.offer(change)) {
                    untold.incrementAndGet();
                }
            }
        };
        return Future.<Monitor>future(playing -> vertx.runOnContext(now -> {
                    try {
                        playing.complete(ChecksSection.play(prepared, listener));
                    } catch (RuntimeException e) {
                        playing.fail(e);
                    }
                }))
                .await();
    }

    private void show(Monitor monitor, CountDownLatch stop, PrintWriter out) throws IOException, InterruptedException {
        long began = System.nanoTime();
        try (LiveScreen screen = new LiveScreen(out)) {
            do {
                List<MonitoredCheck> checks = monitor.checks();
                screen.draw(summary(checks) + "\n\n" + CheckTable.live(json(checks)) + "\nq ends\n");
            } while (stop.getCount() > 0 && !isOver(began) && !screen.isToEndWithin(REDRAW));
        }
    }

    private void tell(CountDownLatch stop, PrintWriter out) throws InterruptedException {
        long began = System.nanoTime();
        while (stop.getCount() > 0 && !isOver(began)) {
            StateChange change = changes.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
            for (; change != null; change = changes.poll()) {
                out.println(output == Output.json ? line("change", change.toJson()) : line(change));
            }
            out.flush();
        }
    }

    private boolean isOver(long began) {
        return time != null && System.nanoTime() - began >= time.toNanos();
    }

    private static String line(String type, JsonObject json) {
        return new JsonObject().put("type", type).mergeIn(json).encode();
    }

    private static String line(StateChange change) {
        Diagnosis why = change.diagnosis();
        return change.at() + " " + change.check() + (change.caseName() == null ? "" : " " + change.caseName()) + ": "
                + change.to() + (why == null ? "" : ": " + why.kind() + ": " + why.sentence());
    }

    /** Tells how all are. */
    private int end(List<MonitoredCheck> checks, PrintWriter out) {
        Map<State, Integer> states = states(checks);
        if (output == Output.json) {
            JsonObject json = new JsonObject();
            states.forEach((state, count) -> json.put(state.toString(), count));
            out.println(line("summary", json.put("checks", json(checks))));
        } else {
            long lost = untold.get();
            if (lost > 0) {
                out.println(lost + " changes were not told: nobody read so fast");
            }
            out.println(summary(checks));
            out.print(CheckTable.of(json(checks)));
        }
        out.flush();
        int all = states.values().stream().mapToInt(Integer::intValue).sum();
        return Objects.equals(states.get(State.OK), all) ? 0 : Main.FAILED_CHECK;
    }

    private static String summary(List<MonitoredCheck> checks) {
        return states(checks).entrySet().stream()
                .map(each -> each.getValue() + " " + each.getKey())
                .collect(Collectors.joining(", "));
    }

    /** How many cases are in each state; a check that has none, since it could not be opened, counts as one. */
    private static Map<State, Integer> states(List<MonitoredCheck> checks) {
        Map<State, Integer> states = new EnumMap<>(State.class);
        for (State state : State.values()) {
            states.put(state, 0);
        }
        for (MonitoredCheck check : checks) {
            List<MonitoredCase> cases = check.cases();
            cases.forEach(each -> states.merge(each.state(), 1, Integer::sum));
            if (cases.isEmpty()) {
                states.merge(check.state(), 1, Integer::sum);
            }
        }
        return states;
    }

    private static JsonArray json(List<MonitoredCheck> checks) {
        JsonArray all = new JsonArray();
        for (MonitoredCheck check : checks) {
            JsonArray cases = new JsonArray();
            for (MonitoredCase each : check.cases()) {
                Counts counts = each.counts();
                JsonObject json = each.toJson();
                if (counts.messagesSent() > 0) {
                    json.put("lossPercent", 100.0 * counts.messagesLost() / counts.messagesSent());
                }
                cases.add(json);
            }
            all.add(check.toJson().put("cases", cases));
        }
        return all;
    }
}
