package dev.vecho.net.io;

import dev.vecho.core.VertxInternals;
import dev.vecho.net.echo.EpollLoop;
import dev.vecho.net.listen.AcceptFailures;
import io.netty.bootstrap.ServerBootstrap;
import io.vertx.core.Vertx;
import io.vertx.core.impl.transports.NioTransport;
import io.vertx.core.net.TcpConfig;
import io.vertx.core.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How bytes are exchanged with the operating system: {@code nio} everywhere, {@code epoll} and {@code io_uring} on Linux,
 * {@code kqueue} on macOS. A Vert.x instance has one, all its life.
 */
public final class Io {

    /** The name that leaves the choice to Vecho. */
    public static final String AUTO = "auto";

    /** Those of Vert.x, by their names. */
    private static final Map<String, @Nullable Transport> ALL = new LinkedHashMap<>();

    static {
        ALL.put("nio", Transport.NIO);
        ALL.put("epoll", Transport.EPOLL);
        ALL.put("io_uring", Transport.IO_URING);
        ALL.put("kqueue", Transport.KQUEUE);
    }

    private Io() {}

    /** All names that a configuration may give. */
    public static List<String> names() {
        List<String> names = new ArrayList<>(ALL.keySet());
        names.add(0, AUTO);
        return names;
    }

    /** The names of those that work here. */
    public static List<String> available() {
        return ALL.keySet().stream().filter(name -> unavailable(name).isEmpty()).toList();
    }

    /** Why a name cannot be used here; empty if it can. */
    public static Optional<String> unavailable(String name) {
        if (name.equals(AUTO)) {
            return Optional.empty();
        }
        Transport transport = ALL.get(name);
        if (transport == null) {
            return Optional.of(ALL.containsKey(name) ? "its classes are missing" : "there is no such io");
        }
        if (transport.available()) {
            return Optional.empty();
        }
        Throwable cause = transport.unavailabilityCause();
        while (cause != null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.of(cause == null || cause.getMessage() == null ? "it does not work here" : cause.getMessage());
    }

    /**
     * The transport of Vert.x that a name stands for. {@link #AUTO} stands for epoll on Linux, for kqueue on macOS where
     * these work, and else for nio. That of epoll echoes plain connections faster than Vert.x's own; all of them but kqueue
     * go on in order when a connection cannot be accepted, for lack of file descriptors say.
     *
     * @throws IllegalArgumentException if it cannot be used here
     */
    public static Transport transport(String name) {
        if (name.equals(AUTO)) {
            return transport(Stream.of("epoll", "kqueue")
                    .filter(each -> unavailable(each).isEmpty())
                    .findFirst()
                    .orElse("nio"));
        }
        Transport transport = ALL.get(name);
        Optional<String> problem = unavailable(name);
        if (transport == null || problem.isPresent()) {
            throw new IllegalArgumentException("io " + name + " is not available here: " + problem.orElse(""));
        }
        return switch (name) {
            case "epoll" -> new Own(transport, new OwnTransport(transport.implementation(), true));
            case "nio" -> new Own(transport, nio(transport));
            case "io_uring" -> new Own(transport, new OwnTransport(transport.implementation(), false));
            default -> transport;
        };
    }

    /**
     * Lets the calling event loop poll for its next event, for at most so long, before it sleeps. Round trips get
     * shorter where few connections wait for each other's answers, at the cost of processor time that no other thread
     * wants. Where events are further apart, it hardly polls. Only on epoll as {@link #transport} gives it; does
     * nothing elsewhere.
     *
     * @param limit zero, the default, is not at all; it stays until another is set
     */
    public static void busyPoll(Duration limit) {
        EpollLoop.busyPoll(limit);
    }

    /**
     * Whether the event loops of a Vert.x instance echo connections before Netty's pipeline hears of them: those of epoll as
     * {@link #transport} gives it. On others, and with a service, faults or a rate in the place of a plain echo, bytes take the way
     * through the pipeline.
     */
    public static boolean isDirect(Vertx vertx) {
        return VertxInternals.transport(vertx) instanceof OwnTransport own && own.isDirect();
    }

    /** The name of what a Vert.x instance runs on. */
    public static String of(Vertx vertx) {
        io.vertx.core.spi.transport.Transport own = VertxInternals.transport(vertx);
        Object running = own instanceof OwnTransport known ? known.vertx() : own;
        for (Map.Entry<String, @Nullable Transport> entry : ALL.entrySet()) {
            Transport transport = entry.getValue();
            if (transport != null
                    && transport.available()
                    && transport.implementation().getClass().isInstance(running)) {
                return entry.getKey();
            }
        }
        return running.getClass().getSimpleName();
    }

    /** A subclass, by which Vert.x tells nio from the others; where its class is closed to a named module, Vert.x's own. */
    private static io.vertx.core.spi.transport.Transport nio(Transport transport) {
        try {
            return new NioTransport() {
                @Override
                public void configure(TcpConfig options, boolean domainSocket, ServerBootstrap server) {
                    super.configure(options, domainSocket, server);
                    AcceptFailures.install(server);
                }
            };
        } catch (IllegalAccessError closed) {
            return transport.implementation();
        }
    }

    /** One of Vert.x's, but for its implementation. */
    private record Own(Transport known, io.vertx.core.spi.transport.Transport implementation) implements Transport {

        @Override
        public String name() {
            return known.name();
        }

        @Override
        public boolean available() {
            return implementation.isAvailable();
        }

        @Override
        public @Nullable Throwable unavailabilityCause() {
            return implementation.unavailabilityCause();
        }
    }
}
