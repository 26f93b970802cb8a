package dev.vecho.server;

import dev.vecho.core.Transport;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells what else is wrong with a listener whose transport is no known one, or cannot run here: which keys it may have is not known
 * then. Where the name is nearly that of a transport, it is read as one of these; else only what every transport would say that knows
 * the key.
 */
final class UnknownTransport {

    private static final Logger LOG = LoggerFactory.getLogger(UnknownTransport.class);

    private UnknownTransport() {}

    /** Reads it as one of a transport that cannot run here, which may lack what it takes for that, too. */
    static void check(Vertx vertx, Transports transports, Transport absent, Options options, Problems problems) {
        try {
            ask(vertx, absent, options).forEach(problems::add);
        } catch (RuntimeException | LinkageError lack) {
            LOG.debug("{} cannot read its options here", absent.name(), lack);
            checkShared(vertx, transports, transports.names(), options, problems);
        }
    }

    static void check(Vertx vertx, Transports transports, String name, Options options, Problems problems) {
        Collection<String> meant = Options.nearest(name, transports.names())
                .<Collection<String>>map(List::of)
                .orElse(transports.names());
        checkShared(vertx, transports, meant, options, problems);
    }

    private static void checkShared(
            Vertx vertx, Transports transports, Collection<String> meant, Options options, Problems problems) {
        List<List<String>> answers = new ArrayList<>();
        for (String each : meant) {
            transports
                    .named(each)
                    .filter(transport -> transport.unavailable(vertx).isEmpty())
                    .ifPresent(transport -> answers.add(ask(vertx, transport, options)));
        }
        if (meant.size() == 1 && answers.size() == 1) {
            answers.get(0).forEach(problems::add);
            return;
        }
        for (String key : options.keys()) {
            String place = options.place(key);
            List<List<String>> knowing = answers.stream()
                    .filter(answer ->
                            answer.stream().noneMatch(line -> line.startsWith(place + ": is not a known key")))
                    .toList();
            // One that cannot run here was not asked, and may know the key.
            if (knowing.isEmpty() && !answers.isEmpty() && answers.size() == meant.size()) {
                options.problem(key, "is not a key of any transport");
            } else {
                certain(knowing, place).forEach(problems::add);
            }
        }
    }

    private static List<String> ask(Vertx vertx, Transport transport, Options options) {
        Problems problems = new Problems();
        Options own = options.into(problems);
        own.has("transport");
        own.has("enabled");
        transport.server(vertx, own);
        return problems.messages();
    }

    /** What all of them say of a key, or of what is within its value. */
    private static List<String> certain(List<List<String>> answers, String place) {
        return answers.isEmpty()
                ? List.of()
                : answers.get(0).stream()
                        .filter(line -> line.startsWith(place + ":")
                                || line.startsWith(place + ".")
                                || line.startsWith(place + "["))
                        .filter(line -> answers.stream().allMatch(answer -> answer.contains(line)))
                        .toList();
    }
}
