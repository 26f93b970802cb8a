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
 * gRPC: messages of any method, plain as {@code grpc://host/Service/Method} or with TLS as {@code grpcs://host/Service/Method}. Its
 * listener is the very one of {@link HttpTransport}, which serves it on the same port; it only tells its addresses as {@code grpc://}.
 */
public final class GrpcTransport implements TestableTransport {

    private static final String ANY_METHOD = "/vecho.Echo/Echo";

    @Override
    public String name() {
        return "grpc";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("grpc", "grpcs");
    }

    @Override
    public Framing framing() {
        return Framing.MESSAGES;
    }

    /** A call goes on after one side has said its last, and its end has a status. */
    @Override
    public boolean hasEnds() {
        return true;
    }

    @Override
    public Set<Carried> faultsOn() {
        return Set.of(Carried.REQUESTS);
    }

    @Override
    public Set<String> tlsVersions(Target target, boolean begun) {
        return target.scheme().equals("grpcs") ? TlsClient.VERSIONS : Set.of();
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
        return new HttpServerTransport(vertx, HttpListenerOptions.read(vertx, options, false), "grpc");
    }

    @Override
    public void validateOptions(Options own) {
        GrpcClientOptions.read(own);
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        GrpcClientOptions own = GrpcClientOptions.read(options.object("options").object(GrpcClientOptions.KEY));
        return new GrpcClientTransport(HttpConnector.readGrpc(vertx, target, options, ANY_METHOD), own);
    }
}
