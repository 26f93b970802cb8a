package dev.vecho.management;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One thing that clients may ask for.
 *
 * @param method GET stands for HEAD, too
 * @param path such as {@code /connections/{id}}, where a part in braces stands for any
 * @param open whether it needs no token
 * @param handler called on the listener's event loop; its failure is an error of this service
 */
record Route(HttpMethod method, String path, boolean open, Function<Call, Future<Answer>> handler) {

    /**
     * What a client asks for.
     *
     * @param headers those of the request
     * @param query the parameters after the question mark
     * @param parts what stands for the parts in braces of the route's path
     * @param body empty where there is none
     * @param trusted whether the client has shown the token, or needs none
     */
    record Call(MultiMap headers, MultiMap query, Map<String, String> parts, Buffer body, boolean trusted) {

        String part(String name) {
            return Objects.requireNonNull(parts.get(name));
        }
    }

    /** What stands for the parts in braces; null where the path is another one. */
    @Nullable Map<String, String> match(String asked) {
        String[] own = path.split("/", -1);
        String[] given = asked.split("/", -1);
        if (own.length != given.length) {
            return null;
        }
        Map<String, String> parts = new HashMap<>();
        for (int i = 0; i < own.length; i++) {
            if (own[i].startsWith("{")) {
                parts.put(own[i].substring(1, own[i].length() - 1), given[i]);
            } else if (!own[i].equals(given[i])) {
                return null;
            }
        }
        return parts;
    }

    boolean takes(HttpMethod asked) {
        return method.equals(asked) || (asked.equals(HttpMethod.HEAD) && method.equals(HttpMethod.GET));
    }
}
