package dev.vecho.launcher;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.server.EchoService.ConnectionEnds;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs a line when a connection begins and one when it ends, for people who watch. */
final class ConnectionLog implements ConnectionEnds {

    private final Logger log = LoggerFactory.getLogger(ConnectionLog.class);

    /** Whether anybody would see a line. */
    boolean isWanted() {
        return log.isDebugEnabled();
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
