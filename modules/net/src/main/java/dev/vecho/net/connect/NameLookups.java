package dev.vecho.net.connect;

import dev.vecho.net.connect.Connector.Resolver;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Asks the system for the addresses of names, which may block for long where a name server does not answer. So it has threads of its own,
 * {@value #THREADS} for the whole process, as the system's resolver is one for all, and a name that is being looked up is not looked up
 * once more: names that nobody answers for hold up no others, unless there are as many of them as threads. Safe for any thread.
 */
final class NameLookups {

    private static final int THREADS = 64;

    private static final ThreadPoolExecutor POOL = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("vecho-resolver", true));

    static {
        POOL.allowCoreThreadTimeOut(true);
    }

    private static final ConcurrentMap<Question, Lookup> UNDER_WAY = new ConcurrentHashMap<>();

    private record Question(Resolver resolver, String host) {}

    /** One that was begun, or waits for a thread. */
    static final class Lookup {

        private final Promise<InetAddress[]> found = Promise.promise();
        private volatile long begun;
        private volatile long ended;

        /** Completes on any thread. */
        Future<InetAddress[]> found() {
            return found.future();
        }

        /** For how long the system was asked, or has been until now; zero while no thread is free. */
        long nanos() {
            long from = begun;
            long until = ended;
            return from == 0 ? 0 : (until == 0 ? System.nanoTime() : until) - from;
        }

        private void run(Question question) {
            // Zero stands for never.
            begun = System.nanoTime() | 1;
            try {
                InetAddress[] addresses = question.resolver.resolve(question.host);
                end(question);
                found.complete(addresses);
            } catch (Throwable e) {
                end(question);
                found.tryFail(e);
            }
        }

        private void end(Question question) {
            ended = System.nanoTime() | 1;
            UNDER_WAY.remove(question, this);
        }
    }

    private NameLookups() {}

    /** Asks on this thread: for an address, which is never waited for. */
    static Lookup here(Resolver resolver, String host) {
        Lookup lookup = new Lookup();
        lookup.run(new Question(resolver, host));
        return lookup;
    }

    /** Asks on one of the threads for it. */
    static Lookup of(Resolver resolver, String host) {
        Question question = new Question(resolver, host);
        Lookup mine = new Lookup();
        Lookup other = UNDER_WAY.putIfAbsent(question, mine);
        if (other != null) {
            return other;
        }
        POOL.execute(() -> mine.run(question));
        return mine;
    }
}
