package dev.vecho.transport.http;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Faults.Carried;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import dev.vecho.net.Addresses;
import dev.vecho.net.tls.TlsClient;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * WebSocket, RFC 6455: messages, plain as {@code ws://host/path} or with TLS as {@code wss://host/path}. Its listener is
 * the very one of {@link HttpTransport}, which serves both on one port; it only tells its addresses as {@code ws://}.
 */
public final class WebSocketTransport implements TestableTransport {

    @Override
    public String name() {
        return "websocket";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("ws", "wss");
    }

    @Override
    public Framing framing() {
        return Framing.MESSAGES;
    }

    @Override
    public Set<Carried> faultsOn() {
        return Set.of(Carried.REQUESTS);
    }

    @Override
    public Set<String> tlsVersions(Target target, boolean begun) {
        return target.scheme().equals("wss") ? TlsClient.VERSIONS : Set.of();
    }

    @Override
    public Set<String> families(Target target) {
        return Addresses.families(target.host());
    }

    @Override
    public List<JsonObject> selftests(Path directory, JsonObject tls) {
        return HttpTransport.selftests(tls);
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        return new HttpServerTransport(vertx, HttpListenerOptions.read(vertx, options, false), "ws");
    }

    @Override
    public String optionsKey() {
        return WebSocketClientOptions.KEY;
    }

    @Override
    public void validateOptions(Options own) {
        WebSocketClientOptions.read(own);
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        WebSocketClientOptions own =
                WebSocketClientOptions.read(options.object("options").object(WebSocketClientOptions.KEY));
        return new WebSocketClientTransport(HttpConnector.read(vertx, target, options), own);
    }
}
