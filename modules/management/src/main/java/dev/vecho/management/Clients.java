package dev.vecho.management;

import io.vertx.core.http.HttpConnection;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The connections to the management listener, of which there are {@value #MAX} at most: one more takes the place of the one that has
 * been idle longest, so that whoever opens many and says nothing keeps nobody out. Used on the listener's event loop only.
 */
final class Clients {

    static final int MAX = 256;

    /** In the order in which they became idle. */
    private final Set<HttpConnection> idle = new LinkedHashSet<>();

    private final Set<HttpConnection> busy = new LinkedHashSet<>();

    /** Takes a new connection, or closes it where all others are busy. */
    void opened(HttpConnection connection) {
        if (idle.size() + busy.size() >= MAX) {
            HttpConnection longest =
                    idle.isEmpty() ? connection : idle.iterator().next();
            idle.remove(longest);
            longest.close();
            if (longest == connection) {
                return;
            }
        }
        idle.add(connection);
        connection.closeHandler(closed -> {
            idle.remove(connection);
            busy.remove(connection);
        });
    }

    /** A request has come. */
    void began(HttpConnection connection) {
        if (idle.remove(connection)) {
            busy.add(connection);
        }
    }

    /** It was answered. */
    void ended(HttpConnection connection) {
        if (busy.remove(connection)) {
            idle.add(connection);
        }
    }

    int size() {
        return idle.size() + busy.size();
    }
}
