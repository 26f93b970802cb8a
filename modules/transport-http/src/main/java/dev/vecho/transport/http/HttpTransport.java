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
 * HTTP: a request's body is a stream of bytes, and comes back as the response's body; plain as {@code http://host/path}
 * or with TLS as {@code https://host/path}, over QUIC as {@code h3://host/path}. A listener speaks HTTP/1.1, HTTP/2, with TLS
 * HTTP/3 and, by upgrade, WebSocket.
 */
public final class HttpTransport implements TestableTransport {

    @Override
    public String name() {
        return "http";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("http", "https", Http3.SCHEME);
    }

    @Override
    public Framing framing() {
        return Framing.STREAM;
    }

    @Override
    public Set<Carried> faultsOn() {
        return Set.of(Carried.REQUESTS);
    }

    @Override
    public Set<String> tlsVersions(Target target, boolean begun) {
        return target.scheme().equals("https") ? TlsClient.VERSIONS : Set.of();
    }

    @Override
    public Set<String> families(Target target) {
        return Addresses.families(target.host());
    }

    @Override
    public List<JsonObject> selftests(Path directory, JsonObject tls) {
        return selftests(tls);
    }

    /** A listener without TLS, and one with it. */
    static List<JsonObject> selftests(JsonObject tls) {
        JsonObject ipv4 = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        return List.of(ipv4, ipv4.copy().put("tls", tls));
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        return new HttpServerTransport(vertx, HttpListenerOptions.read(vertx, options, true), "http");
    }

    @Override
    public String optionsKey() {
        return HttpClientOptions.KEY;
    }

    @Override
    public void validateOptions(Options own) {
        HttpClientOptions.read(own);
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        HttpClientOptions own = HttpClientOptions.read(options.object("options").object(HttpClientOptions.KEY));
        return target.scheme().equals(Http3.SCHEME)
                ? Http3.client(vertx, target, options, own)
                : new HttpClientTransport(HttpConnector.read(vertx, target, options), own);
    }
}
