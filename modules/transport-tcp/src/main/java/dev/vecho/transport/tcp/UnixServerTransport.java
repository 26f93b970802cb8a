package dev.vecho.transport.tcp;

import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.net.Addresses;
import dev.vecho.net.echo.Gate;
import dev.vecho.net.listen.AddressOwner;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.EventLoops;
import dev.vecho.net.listen.NetServers;
import dev.vecho.net.listen.SocketOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on one Unix domain socket. A socket file that nobody answers on, which a crash has left behind, is replaced; one
 * in use, or a file that is no socket, is an error. The file is removed when the listener closes.
 */
final class UnixServerTransport implements ServerTransport {

    private static final Logger LOG = LoggerFactory.getLogger(UnixServerTransport.class);

    private final Vertx vertx;
    private final SocketAddress address;
    private final AddressOwner owner = new AddressOwner();
    private final EventLoops<List<SocketAddress>> loops;
    private final Gate gate;
    private volatile UnixListenerOptions options;

    UnixServerTransport(Vertx vertx, UnixListenerOptions options) {
        this.vertx = vertx;
        this.options = options;
        this.gate = new Gate(options.connections().limits());
        this.address = options.address().toVertx();
        this.loops = new EventLoops<>(vertx);
    }

    @Override
    public String address() {
        return options.address().toString();
    }

    @Override
    public Future<Listener> listen(Traffic traffic) {
        owner.accepting().set(options.connections().accepts());
        StreamListener listener = new StreamListener(
                vertx,
                () -> SocketOptions.ofUnix(options.backlog()),
                () -> "unix",
                () -> options.connections(),
                gate,
                traffic,
                owner);
        return loops.join(() -> bind(listener.servers()), listener.servers()::share)
                .<Listener>map(bound -> options.address().isAbstract() ? listener : new FileListener(listener))
                .recover(failure -> listener.drain(Duration.ZERO)
                        .transform(closed -> Future.failedFuture(
                                BindAddress.failure(address(), Addresses.reason(failure), failure))));
    }

    @Override
    public boolean canAdopt(ServerTransport next) {
        return next instanceof UnixServerTransport other && other.address.equals(address);
    }

    @Override
    public Future<List<String>> adopt(ServerTransport next) {
        UnixListenerOptions now = options;
        UnixListenerOptions other = ((UnixServerTransport) next).options;
        options = now.then(other);
        gate.change(other.connections().limits());
        owner.accepting().set(options.connections().accepts());
        List<String> late = SocketOptions.ofUnix(now.backlog()).lateChanges(SocketOptions.ofUnix(other.backlog()));
        if (other.mode().equals(now.mode()) || now.address().isAbstract()) {
            return Future.succeededFuture(late);
        }
        return vertx.executeBlocking(
                        () -> Files.setPosixFilePermissions(now.address().file(), other.mode()), false)
                .transform(changed -> Future.succeededFuture(
                        changed.succeeded()
                                ? late
                                : Stream.concat(
                                                late.stream(),
                                                Stream.of("mode: cannot be changed: "
                                                        + Addresses.reason(changed.cause())))
                                        .toList()));
    }

    private Future<List<SocketAddress>> bind(NetServers servers) {
        if (options.address().isAbstract()) {
            return servers.claim(address)
                    .compose(claimed -> servers.open(address))
                    .map(List.of(address));
        }
        Path file = options.address().file();
        return servers.claim(address)
                .compose(claimed -> vertx.executeBlocking(() -> removeStale(file), false))
                .compose(free -> servers.open(address))
                .compose(
                        open -> vertx.executeBlocking(() -> Files.setPosixFilePermissions(file, options.mode()), false))
                .map(List.of(address));
    }

    private static @Nullable Void removeStale(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return null;
        }
        // Neither a regular file nor a directory nor a link: a socket, as far as Java can tell.
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new BindException("a file that is no socket is in the way");
        }
        try {
            SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
            throw new BindException("Address already in use");
        } catch (ConnectException e) {
            LOG.info("{}: replaces a socket file that nobody listens on", path);
            Files.delete(path);
            return null;
        }
    }

    /** Removes the file in the end. */
    private final class FileListener implements Listener {

        private final StreamListener listener;

        FileListener(StreamListener listener) {
            this.listener = listener;
        }

        @Override
        public List<String> addresses() {
            return listener.addresses();
        }

        @Override
        public List<String> notes() {
            return listener.notes();
        }

        @Override
        public Future<Void> drain(Duration grace) {
            return listener.drain(grace)
                    .compose(closed -> vertx.executeBlocking(
                            () -> Files.deleteIfExists(options.address().file()), false))
                    .transform(deleted -> Future.succeededFuture());
        }
    }
}
