package dev.vecho.launcher;

import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.rolling.RollingFileAppender;
import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.net.Addresses;
import dev.vecho.server.EchoService.ConnectionEnds;
import dev.vecho.server.LogLines;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a line for each connection that ends, on a thread of its own. Event loops put what they know into a queue; where that is
 * full, because nobody takes the lines fast enough, they drop and count it.
 */
final class AccessLog implements ConnectionEnds {

    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    /** How soon the writer notices that it is to stop. */
    private static final int POLL_MILLIS = 100;

    /** How long a reader of stdout, or a disk, may take for the last lines. */
    private static final int CLOSE_MILLIS = 5_000;

    private final ContextBase context;
    private final @Nullable Path file;
    private final OutputStreamAppender<String> appender;
    private final BlockingQueue<Ended> queue;
    private final LongAdder dropped = new LongAdder();
    private final LongAdder written = new LongAdder();
    private final Thread writer;
    private volatile boolean closing;

    /** What is known of a connection that has ended. */
    private record Ended(
            Instant at,
            String listener,
            String transport,
            OpenConnection.Facts facts,
            Map<String, String> tls,
            @Nullable FailureReason failure) {

        String line() {
            JsonObject line = new JsonObject()
                    .put("start", at.minus(facts.age()).toString())
                    .put("listener", listener)
                    .put("transport", transport)
                    .put("peer", facts.remote())
                    .put("local", facts.local());
            if (facts.client() != null) {
                line.put("client", facts.client());
            }
            line.put("durationMillis", facts.age().toMillis())
                    .put("received", facts.received())
                    .put("sent", facts.sent());
            if (!tls.isEmpty()) {
                JsonObject agreed = new JsonObject();
                tls.forEach(agreed::put);
                line.put("tls", agreed);
            }
            return line.put("end", end(failure)).encode();
        }
    }

    /** A word for how a connection ended. */
    static String end(@Nullable FailureReason failure) {
        return failure == null ? "complete" : failure.name().toLowerCase(Locale.ROOT);
    }

    private AccessLog(ContextBase context, @Nullable Path file, OutputStreamAppender<String> appender, int queueLines) {
        this.context = context;
        this.file = file;
        this.appender = appender;
        this.queue = new ArrayBlockingQueue<>(queueLines);
        this.writer = new DefaultThreadFactory("vecho-access-log", true).newThread(this::write);
        writer.start();
    }

    /**
     * Begins to write. Blocks while it opens the file.
     *
     * @throws TransportException that names the key and the file, where it cannot be opened
     */
    static AccessLog open(AccessLogOptions options) throws TransportException {
        return open(options, InstantSource.system());
    }

    static AccessLog open(AccessLogOptions options, InstantSource clock) throws TransportException {
        ContextBase context = new ContextBase();
        Path file = options.file();
        OutputStreamAppender<String> appender = file == null ? stdout() : rolling(context, file, options, clock);
        appender.setContext(context);
        Lines lines = new Lines();
        lines.setContext(context);
        lines.start();
        appender.setEncoder(lines);
        appender.start();
        if (!appender.isStarted()) {
            throw new TransportException(Fault.BIND, "accessLog.file: " + file + ": cannot be written", null);
        }
        return new AccessLog(context, file, appender, options.queueLines());
    }

    private static OutputStreamAppender<String> stdout() {
        ConsoleAppender<String> appender = new ConsoleAppender<>();
        appender.setTarget("System.out");
        return appender;
    }

    private static OutputStreamAppender<String> rolling(
            ContextBase context, Path file, AccessLogOptions options, InstantSource clock) throws TransportException {
        try {
            // logback says why not to its own status only.
            Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    .close();
        } catch (IOException e) {
            throw new TransportException(
                    Fault.BIND, "accessLog.file: " + file + ": cannot be written: " + Addresses.reason(e), e);
        }
        RollingFileAppender<String> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setFile(file.toString());
        options.rotation().install(appender, file, options, clock);
        return appender;
    }

    /** A line as it is. */
    private static final class Lines extends EncoderBase<String> {

        @Override
        public byte[] headerBytes() {
            return new byte[0];
        }

        @Override
        public byte[] encode(String line) {
            return (line + "\n").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] footerBytes() {
            return new byte[0];
        }
    }

    /** How many lines were dropped so far. */
    long dropped() {
        return dropped.sum();
    }

    LogLines lines() {
        return new LogLines(written.sum(), dropped.sum());
    }

    List<String> notes() {
        return file == null ? List.of() : List.of(file.toString());
    }

    @Override
    public void ended(String listener, String transport, OpenConnection connection, @Nullable FailureReason failure) {
        Ended ended = new Ended(Instant.now(), listener, transport, connection.facts(), connection.tls(), failure);
        if (!queue.offer(ended)) {
            dropped.increment();
        }
    }

    private void write() {
        try {
            while (true) {
                Ended next = queue.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (next != null) {
                    appender.doAppend(next.line());
                    written.increment();
                } else if (closing) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            // It took too long over the last lines.
            Thread.currentThread().interrupt();
        }
    }

    /** Writes what waits, for a while at most, and says what was dropped. Blocks. */
    void close() throws InterruptedException {
        closing = true;
        writer.join(CLOSE_MILLIS);
        if (writer.isAlive()) {
            dropped.add(queue.size());
            queue.clear();
            writer.interrupt();
        } else {
            appender.stop();
        }
        // Ends the threads that remove old files.
        context.stop();
        if (dropped.sum() > 0) {
            LOG.warn("accessLog: {} lines were dropped, which came faster than they could be written", dropped.sum());
        }
    }
}
