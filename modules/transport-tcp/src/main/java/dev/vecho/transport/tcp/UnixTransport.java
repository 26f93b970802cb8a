package dev.vecho.transport.tcp;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Target;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.config.Options;
import dev.vecho.net.connect.Family;
import dev.vecho.net.connect.SentProxyHeader;
import dev.vecho.net.io.Io;
import dev.vecho.net.tls.TlsClient;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Unix domain sockets: streams of bytes within a machine, as {@code unix:///path} or {@code unix:@name}. */
public final class UnixTransport implements TestableTransport {

    @Override
    public String name() {
        return "unix";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("unix");
    }

    @Override
    public Framing framing() {
        return Framing.STREAM;
    }

    /**
     * On nio and io_uring Netty heeds {@code ALLOW_HALF_CLOSURE} for TCP only (isAllowHalfClosure in AbstractNioByteChannel
     * and AbstractIoUringChannel): at the end of its input a Unix domain socket is closed with all that it has not written.
     */
    @Override
    public Optional<String> unavailable(Vertx vertx) {
        String io = Io.of(vertx);
        return io.equals("epoll") || io.equals("kqueue")
                ? Optional.empty()
                : Optional.of(
                        "it would lose bytes on " + io + ", where half-closing does not work; needs epoll or kqueue");
    }

    @Override
    public List<JsonObject> selftests(Path directory, JsonObject tls) {
        return List.of(
                new JsonObject().put("path", directory.resolve("echo.sock").toString()));
    }

    @Override
    public ServerTransport server(Vertx vertx, Options options) {
        return new UnixServerTransport(vertx, UnixListenerOptions.read(vertx, options));
    }

    @Override
    public ClientTransport client(Vertx vertx, Target target, Options options) {
        if (target.host() != null || target.path().isEmpty()) {
            options.problem("", target + ": path: is missing, expected unix:///path or unix:@name");
        }
        UnixAddress address = UnixAddress.of(target.path());
        address.problem().ifPresent(problem -> options.problem("", target + ": path: " + problem));
        TlsClient later = StartTls.read(options, UnixClientTransport.HOST);
        // Of no use here, but one script may have targets of several kinds.
        Family.read(options);
        SentProxyHeader header = SentProxyHeader.read(options);
        options.rejectUnknownKeys();
        return new UnixClientTransport(vertx, address, later, header);
    }
}
