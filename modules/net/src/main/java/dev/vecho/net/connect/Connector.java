package dev.vecho.net.connect;

import dev.vecho.core.Receiver;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.VertxInternals;
import dev.vecho.core.config.Hosts;
import dev.vecho.net.Addresses;
import dev.vecho.net.connect.NameLookups.Lookup;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Connects to a host and a port, for every transport that has them. Where a name has several addresses the first that
 * answers wins, IPv6 ones begin, and the next one is tried when the one before has failed or has not answered for 250 ms
 * (RFC 8305, "Happy Eyeballs"). So a dead address does not hide one that works; the receiver is warned of it.
 */
public final class Connector {

    /** The "Connection Attempt Delay" of RFC 8305, section 5. */
    private static final int NEXT_AFTER_MILLIS = 250;

    /** Connects to one address. */
    public interface Dialer<T> {

        /** Begins; called on the event loop of the caller's context. */
        Attempt<T> dial(InetSocketAddress address);
    }

    /** What was begun. */
    public interface Attempt<T> {

        /** Completes on the event loop. */
        Future<T> result();

        /** Gives up: what was opened, or comes about later, is closed. Called on the event loop. */
        void cancel();

        /** One that cannot be stopped: what comes about too late is closed. */
        static <T> Attempt<T> of(Future<T> result, Consumer<T> close) {
            return new Attempt<>() {
                @Override
                public Future<T> result() {
                    return result;
                }

                @Override
                public void cancel() {
                    result.onSuccess(close::accept);
                }
            };
        }
    }

    /** Finds the addresses of a name; may block. */
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException, SocketException;
    }

    /**
     * One of the addresses.
     *
     * @param usable whether this machine has a route to it, so that it must answer
     */
    private record Candidate(InetSocketAddress address, boolean usable) {

        private Family family() {
            return Family.of(address.getAddress());
        }
    }

    private final String host;
    private final int port;
    private final Family family;
    private final Resolver resolver;
    private final Predicate<InetSocketAddress> routes;
    private final Set<Race<?>> races = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * Creates an instance.
     *
     * @param host as {@link Hosts#check} has it
     */
    public Connector(String host, int port, Family family) {
        this(host, port, family, Hosts::resolve, Connector::hasRoute);
    }

    /**
     * Makes it for a test.
     *
     * @param routes whether this machine has a route to an address
     */
    Connector(String host, int port, Family family, Resolver resolver, Predicate<InetSocketAddress> routes) {
        this.host = host;
        this.port = port;
        this.family = family;
        this.resolver = resolver;
        this.routes = routes;
    }

    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    /**
     * Connects to the address that answers first.
     *
     * @param receiver told that the name was resolved and that there is a connection, and warned with the word {@code family}
     *     where no address of one family answers
     * @return completes on the event loop before anything else happens there; fails with a {@link TransportException} that
     *     tells of every address
     */
    public <T> Future<T> connect(Context context, Receiver receiver, Dialer<T> dialer) {
        return connect(context, receiver, dialer, true);
    }

    /**
     * Connects to the first address that the operating system has a route to, in the order of the resolver: for those
     * who get no answer to it.
     */
    public <T> Future<T> connectInOrder(Context context, Receiver receiver, Dialer<T> dialer) {
        return connect(context, receiver, dialer, false);
    }

    private <T> Future<T> connect(Context context, Receiver receiver, Dialer<T> dialer, boolean answers) {
        Lookup lookup = Hosts.isAddress(host) ? NameLookups.here(resolver, host) : NameLookups.of(resolver, host);
        Race<T> race = new Race<>(context, receiver, dialer, lookup);
        receiver.began(Phase.RESOLVE);
        races.add(race);
        if (closed) {
            close();
        }
        lookup.found()
                .transform(found -> resolved(found, answers))
                .onComplete(result -> VertxInternals.eventLoop(context).execute(() -> race.begin(result)));
        return race.promise.future().onComplete(done -> races.remove(race));
    }

    /** Gives up what is being connected; that fails with what was found out so far. */
    public void close() {
        closed = true;
        races.forEach(race -> {
            if (VertxInternals.eventLoop(race.context).inEventLoop()) {
                race.giveUp();
            } else {
                VertxInternals.eventLoop(race.context).execute(race::giveUp);
            }
        });
    }

    // ---- resolving

    private Future<List<Candidate>> resolved(AsyncResult<InetAddress[]> found, boolean answers) {
        if (found.succeeded()) {
            return candidates(found.result(), answers);
        }
        Throwable cause = found.cause();
        return Future.failedFuture(
                cause instanceof UnknownHostException
                        ? new TransportException(Fault.DNS, "the name " + host + " does not resolve", cause)
                        : new TransportException(
                                Fault.OTHER, "cannot connect to " + host + ": " + Addresses.reason(cause), cause));
    }

    private Future<List<Candidate>> candidates(InetAddress[] all, boolean answers) {
        List<InetAddress> wanted = new ArrayList<>();
        for (InetAddress found : all) {
            InetAddress address = Hosts.loopbackOf(found);
            if (family.has(address) && !wanted.contains(address)) {
                wanted.add(address);
            }
        }
        if (wanted.isEmpty()) {
            boolean literal = Hosts.isAddress(host);
            String others = List.of(all).stream().map(Addresses::text).collect(Collectors.joining(", "));
            return Future.failedFuture(new TransportException(
                    Fault.DNS,
                    literal
                            ? host + " is not an address of " + family
                            : "the name " + host + " has no address of " + family + ", only " + others,
                    null));
        }
        List<Candidate> candidates = new ArrayList<>();
        for (InetAddress address : wanted) {
            InetSocketAddress socket = new InetSocketAddress(address, port);
            candidates.add(new Candidate(socket, answers && (wanted.size() == 1 || routes.test(socket))));
        }
        return Future.succeededFuture(answers ? ordered(candidates) : candidates);
    }

    /**
     * Usable ones first (RFC 6724, rule 1), and of these in turn one of IPv6 and one of IPv4. A machine without IPv6 is no
     * fault of the target's.
     */
    private static List<Candidate> ordered(List<Candidate> candidates) {
        Map<Candidate, Integer> places = new LinkedHashMap<>();
        int ipv6 = 0;
        int ipv4 = 0;
        for (Candidate candidate : candidates) {
            int place = candidate.family() == Family.IPV6 ? 2 * ipv6++ : 2 * ipv4++ + 1;
            places.put(candidate, candidate.usable() ? place : place + 2 * candidates.size());
        }
        return candidates.stream().sorted(Comparator.comparing(places::get)).toList();
    }

    /** Connecting a datagram socket sends nothing, but fails where the machine has no route. */
    private static boolean hasRoute(InetSocketAddress address) {
        try (DatagramChannel socket = DatagramChannel.open(
                Family.of(address.getAddress()) == Family.IPV6
                        ? StandardProtocolFamily.INET6
                        : StandardProtocolFamily.INET)) {
            socket.connect(address);
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static Duration since(long nanoTime) {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    // ---- connecting, on the event loop

    private final class Race<T> {

        private final Context context;
        private final Receiver receiver;
        private final Dialer<T> dialer;
        private final Lookup lookup;
        private final long asked = System.nanoTime();
        private final Promise<T> promise;
        private final Map<Candidate, ConnectFailure> failures = new LinkedHashMap<>();
        private final Map<Candidate, Attempt<T>> pending = new LinkedHashMap<>();
        private List<Candidate> candidates = List.of();
        private int begun;
        private long start;
        private boolean over;
        private @Nullable ScheduledFuture<?> next;

        Race(Context context, Receiver receiver, Dialer<T> dialer, Lookup lookup) {
            this.context = context;
            this.receiver = receiver;
            this.dialer = dialer;
            this.lookup = lookup;
            this.promise = VertxInternals.promise(context);
        }

        void begin(AsyncResult<List<Candidate>> resolved) {
            if (over) {
                return;
            }
            if (resolved.failed()) {
                over = true;
                promise.fail(resolved.cause());
                return;
            }
            receiver.completed(Phase.RESOLVE, Duration.ofNanos(Math.min(lookup.nanos(), System.nanoTime() - asked)));
            receiver.began(Phase.CONNECT);
            candidates = resolved.result();
            start = System.nanoTime();
            tryNext();
        }

        private void tryNext() {
            if (next != null) {
                next.cancel(false);
                next = null;
            }
            if (over || begun == candidates.size()) {
                return;
            }
            Candidate candidate = candidates.get(begun++);
            if (begun < candidates.size()) {
                next = VertxInternals.eventLoop(context)
                        .schedule(this::tryNext, NEXT_AFTER_MILLIS, TimeUnit.MILLISECONDS);
            }
            Attempt<T> attempt;
            try {
                attempt = dialer.dial(candidate.address());
            } catch (RuntimeException e) {
                attempt = Attempt.of(Future.failedFuture(e), nothing -> {});
            }
            pending.put(candidate, attempt);
            attempt.result().onComplete(result -> done(candidate, result));
        }

        private void done(Candidate candidate, AsyncResult<T> result) {
            pending.remove(candidate);
            if (over) {
                return;
            }
            if (result.succeeded()) {
                end();
                receiver.completed(Phase.CONNECT, since(start));
                warn(candidate);
                promise.complete(result.result());
                return;
            }
            ConnectFailure failure = ConnectFailure.of(result.cause());
            failures.put(candidate, failure);
            if (failure.answered() || failures.size() == candidates.size()) {
                end();
                promise.fail(failure());
            } else {
                tryNext();
            }
        }

        /** Warns if no address of the other family answered, although some must. */
        private void warn(Candidate winner) {
            List<Candidate> others = candidates.stream()
                    .filter(one -> one.usable() && one.family() != winner.family())
                    .toList();
            boolean dead = !others.isEmpty()
                    && others.stream().allMatch(one -> {
                        ConnectFailure failure = failures.get(one);
                        return failure != null && failure.fault() != Fault.OTHER && failure.fault() != Fault.LOCAL;
                    });
            if (dead) {
                receiver.warned(
                        "family", host + ": " + told(others) + "; " + Addresses.format(winner.address()) + " answered");
            }
        }

        void giveUp() {
            if (over) {
                return;
            }
            if (candidates.isEmpty()) {
                over = true;
                promise.fail(unresolved());
                return;
            }
            long millis = since(start).toMillis();
            pending.keySet().forEach(candidate -> failures.put(candidate, ConnectFailure.silence(millis)));
            end();
            promise.fail(failure());
        }

        private TransportException unresolved() {
            // Where it waited longer for a thread than for the system, nothing is known of the name.
            return lookup.nanos() > (System.nanoTime() - asked) / 2
                    ? new TransportException(Fault.DNS, "the name " + host + " was not resolved in time", null)
                    : new TransportException(
                            Fault.LOCAL,
                            "time",
                            "this process had no thread free to look up the name " + host + " in time",
                            null);
        }

        private void end() {
            over = true;
            if (next != null) {
                next.cancel(false);
            }
            List.copyOf(pending.values()).forEach(Attempt::cancel);
            pending.clear();
        }

        private TransportException failure() {
            Map.Entry<Candidate, ConnectFailure> telling = failures.entrySet().stream()
                    .max(Comparator.comparingInt(entry -> entry.getValue().weight()))
                    .orElseThrow();
            ConnectFailure failure = telling.getValue();
            if (failures.size() == 1 || failure.answered()) {
                return failure.at(Addresses.format(telling.getKey().address()));
            }
            String message = host + ": " + told(List.copyOf(failures.keySet()));
            return new TransportException(failure.fault(), failure.reason(), message, failure.cause());
        }

        private String told(List<Candidate> ones) {
            return ones.stream()
                    .map(one -> {
                        ConnectFailure failure = failures.get(one);
                        return Addresses.format(one.address()) + ": " + (failure == null ? "" : failure.brief());
                    })
                    .collect(Collectors.joining("; "));
        }
    }
}
