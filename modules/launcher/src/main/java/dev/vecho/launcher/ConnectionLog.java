package dev.vecho.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggerContextListener;
import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.server.EchoService;
import dev.vecho.server.EchoService.ConnectionEnds;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs a line when a connection begins and one when it ends, for people who watch. */
final class ConnectionLog implements ConnectionEnds {

    private final Logger log = LoggerFactory.getLogger(ConnectionLog.class);

    private @Nullable Runnable unwatch;

    /** Whether anybody would see a line. */
    boolean isWanted() {
        return log.isDebugEnabled();
    }

    /**
     * Watches the connections whenever the level of the log is such that somebody sees it, which may change at any time. While nobody
     * does, connections cost nothing for it.
     */
    void follow(EchoService service) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.addListener(new LevelChanges(() -> watchIfWanted(service)));
        watchIfWanted(service);
    }

    private synchronized void watchIfWanted(EchoService service) {
        if (isWanted() && unwatch == null) {
            unwatch = service.watchConnections(this);
        } else if (!isWanted() && unwatch != null) {
            unwatch.run();
            unwatch = null;
        }
    }

    /** Told that a logger has got another level. */
    private record LevelChanges(Runnable changed) implements LoggerContextListener {

        @Override
        public void onLevelChange(ch.qos.logback.classic.Logger logger, Level level) {
            changed.run();
        }

        @Override
        public boolean isResetResistant() {
            return true;
        }

        @Override
        public void onStart(LoggerContext context) {}

        @Override
        public void onReset(LoggerContext context) {}

        @Override
        public void onStop(LoggerContext context) {}
    }

    @Override
    public void began(String listener, OpenConnection connection) {
        OpenConnection.Facts facts = connection.facts();
        log.debug("{} {}: Connected by {}", Instant.now().minus(facts.age()), listener, peer(facts));
    }

    @Override
    public void ended(String listener, String transport, OpenConnection connection, @Nullable FailureReason failure) {
        OpenConnection.Facts facts = connection.facts();
        log.debug(
                "{} {}: {} has ended after {} ms, {} bytes received, {} sent: {}",
                Instant.now(),
                listener,
                peer(facts),
                facts.age().toMillis(),
                facts.received(),
                facts.sent(),
                AccessLog.end(failure));
    }

    private static String peer(OpenConnection.Facts facts) {
        // A client of a Unix domain socket has no address.
        String remote = facts.remote().isEmpty() ? "a client of this machine" : facts.remote();
        return facts.client() == null ? remote : remote + " for " + facts.client();
    }
}
