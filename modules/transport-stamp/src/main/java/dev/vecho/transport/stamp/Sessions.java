package dev.vecho.transport.stamp;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The test sessions that a stateful reflector knows, a bounded number of them. One that was silent for too long is forgotten when others
 * come; a new one that finds no room is refused, since to forget one that is in use would spoil what it measures. Safe for any thread.
 */
final class Sessions {

    /** What tells sessions apart: RFC 8972, section 3. */
    record Key(InetSocketAddress source, InetSocketAddress local, int ssid) {}

    /** What was reflected last. */
    record Reflected(int sequence, long timestamp) {}

    /** One session; used by the event loop of its socket. */
    static final class Session {

        private int next;
        private long usedAt;
        private @Nullable Reflected last;

        /** The number of the next packet that is reflected. */
        synchronized int next() {
            return next++;
        }

        /** What was reflected before; null if nothing was. */
        synchronized @Nullable Reflected last() {
            return last;
        }

        synchronized void reflected(int sequence, long timestamp) {
            last = new Reflected(sequence, timestamp);
        }
    }

    private final LongSupplier nanoTime;

    /** Those that were used last are last. */
    private final Map<Key, Session> sessions = new LinkedHashMap<>(16, 0.75f, true);

    Sessions(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** The session of a packet, maybe a new one; null if there are too many. */
    synchronized @Nullable Session of(Key key, int most, Duration timeout) {
        long now = nanoTime.getAsLong();
        Iterator<Session> eldest = sessions.values().iterator();
        while (eldest.hasNext() && now - eldest.next().usedAt > timeout.toNanos()) {
            eldest.remove();
        }
        Session session = sessions.get(key);
        if (session == null) {
            if (sessions.size() >= most) {
                return null;
            }
            session = new Session();
            sessions.put(key, session);
        }
        session.usedAt = now;
        return session;
    }

    /** How many there are. */
    synchronized int count() {
        return sessions.size();
    }
}
