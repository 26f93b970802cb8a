package dev.vecho.core;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What a transport may tell those who test it: a self-test, which plays it against itself, and a script's matrix, which plays
 * a target in each of its settings. A transport that is no more than a {@link Transport} is tested with a host and a port, and
 * has no settings to choose from.
 */
public interface TestableTransport extends Transport {

    /** All versions of TLS that a matrix may name, in order. */
    List<String> TLS_VERSIONS = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");

    /** Options of a self-test with a host and a port: one listener on loopback, on any free port. */
    static List<JsonObject> onAnyPort() {
        return List.of(new JsonObject().put("host", "127.0.0.1").put("port", 0));
    }

    /**
     * Options of listeners for a self-test: on loopback, on any free port.
     *
     * @param directory for those who listen on a file; removed afterwards
     * @param tls a {@code tls} object that works, for those who offer TLS
     */
    default List<JsonObject> selftests(Path directory, JsonObject tls) {
        return onAnyPort();
    }

    /**
     * The versions of TLS, of {@link #TLS_VERSIONS}, that a target can be asked to speak; none where it has no TLS.
     *
     * @param begun whether TLS is begun on its connections, see {@link Connection#startTls}
     */
    default Set<String> tlsVersions(Target target, boolean begun) {
        return Set.of();
    }

    /**
     * The families of addresses that a target can be reached by, of {@code ipv4} and {@code ipv6}; none where it has no
     * such address. One that has any understands the client's option {@code family}.
     */
    default Set<String> families(Target target) {
        return Set.of();
    }
}
