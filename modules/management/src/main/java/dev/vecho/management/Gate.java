package dev.vecho.management;

import dev.vecho.core.config.Hosts;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who is let in. Beside the token it knows the tricks that a web page can play on whoever reads it: to send a request to this machine
 * (which then has an {@code Origin}), and to give this machine's address to a name of its own (which is then the {@code Host}).
 */
final class Gate {

    private final @Nullable BearerToken token;
    private final String host;

    /**
     * @param token null where clients need none
     * @param host that of the listener, as it was configured
     */
    Gate(@Nullable BearerToken token, String host) {
        this.token = token;
        this.host = host;
    }

    /** What to answer to a request that no web page of another site must send; empty if it may pass. */
    Optional<Answer> refusal(HttpServerRequest request) {
        HostAndPort asked = request.authority();
        if (asked == null) {
            return Optional.of(Answer.problem(400, "The request names no host."));
        }
        String origin = request.getHeader("Origin");
        if (origin != null && !origin.equals(request.scheme() + "://" + request.getHeader("Host"))) {
            return Optional.of(Answer.problem(403, "Pages of other sites may send no requests here."));
        }
        if (token == null && !isOwn(asked.host())) {
            return Optional.of(Answer.problem(
                    421, "Without a token this listener answers to its own name, localhost and addresses only."));
        }
        return Optional.empty();
    }

    private boolean isOwn(String asked) {
        String name = asked.startsWith("[") ? asked.substring(1, asked.length() - 1) : asked;
        return Hosts.isLocalhost(name) || Hosts.isAddress(name) || name.equalsIgnoreCase(host);
    }

    /** Whether a client has shown the token, or needs none. */
    boolean trusts(HttpServerRequest request) {
        return token == null || token.isShownBy(request.getHeader("Authorization"));
    }

    /** What to answer to one that has not. */
    static Answer unauthorized(HttpServerRequest request) {
        String challenge = "Bearer realm=\"vecho\"";
        return request.getHeader("Authorization") == null
                ? Answer.problem(401, "The header Authorization must show the token: Bearer TOKEN.")
                        .with("WWW-Authenticate", challenge)
                : Answer.problem(401, "The token is not the one that was configured.")
                        .with("WWW-Authenticate", challenge + ", error=\"invalid_token\"");
    }
}
