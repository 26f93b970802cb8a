package dev.vecho.client.play;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.DirectionTotals;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.RoundTrips;
import dev.vecho.client.script.Seed;
import dev.vecho.client.verify.MessageVerifier;
import dev.vecho.client.verify.Verifier;
import dev.vecho.core.Connection;
import dev.vecho.core.Directions;
import dev.vecho.core.Receiver.Phase;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.TransportException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is measured and counted in a round, on all its connections, in bounded memory. */
final class Measures {

    private static final long NEVER = -1;

    /** Of RFC 3550, section 6.4.1. */
    private static final double JITTER_GAIN = 1 / 16.0;

    private final RoundTrips.Recorder roundTrips = new RoundTrips.Recorder();
    private final RoundTrips.Recorder corrected = new RoundTrips.Recorder();
    private final List<Report.Warning> warnings = new ArrayList<>();
    private Map<Phase, Duration> opening = Map.of();
    private boolean connecting;
    private @Nullable String localAddress;
    private @Nullable String remoteAddress;
    private Map<String, String> details = Map.of();
    private final Map<String, String> facts = new TreeMap<>();
    private long firstSend = NEVER;
    private @Nullable Duration firstByte;
    private @Nullable Duration lastByte;
    private long lastReceived = NEVER;
    private long transit = NEVER;
    private double jitter;
    private long transits;
    private long bytesSent;
    private long bytesReceived;
    private long sent;
    private long received;
    private long lost;
    private long duplicated;
    private long reordered;
    private final DirectionTotals directions = new DirectionTotals();

    /** A connection was opened, or could not be. Of several, the phases of the first are reported. */
    void opened(TrackedConnection tracked) {
        if (!connecting) {
            connecting = true;
            opening = Map.copyOf(tracked.phases());
        }
        warnings.addAll(tracked.warnings());
    }

    /** See {@link Report#warnings}. */
    void warned(String word, String sentence) {
        warnings.add(new Report.Warning(word, sentence));
    }

    /** Notes the addresses and details of the connection. */
    void at(TrackedConnection tracked) {
        Connection connection = tracked.connection();
        if (connection != null) {
            localAddress = connection.localAddress();
            remoteAddress = connection.remoteAddress();
            details = connection.details();
        }
    }

    /** Notes what was found out about a service. */
    void found(Map<String, String> about) {
        facts.putAll(about);
    }

    private Map<String, String> details() {
        Map<String, String> all = new TreeMap<>(details);
        all.putAll(facts);
        return all;
    }

    /** Notes what is known of a peer that could not be connected to. */
    void failed(Throwable cause) {
        if (cause instanceof TransportException known && !known.details().isEmpty()) {
            details = known.details();
        }
    }

    /** Whether there was a connection. */
    boolean connected() {
        return remoteAddress != null;
    }

    /** The moment from which bytes are waited for, the first time it is asked for. */
    long firstSend(long now) {
        firstSend = firstSend == NEVER ? now : firstSend;
        return firstSend;
    }

    void received(long now, long since) {
        lastReceived = now;
        lastByte = Duration.ofNanos(now - since);
        firstByte = firstByte == null ? lastByte : firstByte;
    }

    boolean receivedAnything() {
        return lastReceived != NEVER;
    }

    boolean receivedSince(long moment) {
        return receivedAnything() && lastReceived - moment >= 0;
    }

    /** All came that a step expects. */
    void echo(long nanos) {
        roundTrips.record(nanos);
    }

    /**
     * A block, or a message, came back.
     *
     * @param sentAt -1 if that is not known any more
     * @param intendedAt -1 if there is no such time
     * @param many whether it is one of several of a send
     */
    void back(long now, long sentAt, long intendedAt, boolean many) {
        if (many && intendedAt != NEVER) {
            corrected.record(now - intendedAt);
        }
        if (sentAt == NEVER) {
            return;
        }
        if (many) {
            roundTrips.record(now - sentAt);
        }
        long before = transit;
        transit = now - sentAt;
        if (transits++ > 0) {
            jitter += (Math.abs(transit - before) - jitter) * JITTER_GAIN;
        }
    }

    /** A connection is not used any more. */
    void done(RoundConnection roundConnection) {
        if (roundConnection.sender() == null) {
            return;
        }
        Verifier verifier = roundConnection.verifier();
        bytesSent += roundConnection.sent();
        bytesReceived += verifier.received();
        if (verifier instanceof MessageVerifier messages) {
            sent += roundConnection.ledger().blocks();
            received += messages.count();
            lost += messages.lost();
            duplicated += messages.duplicated();
            reordered += messages.reordered();
            direct(roundConnection.tracked(), messages.lost());
        }
    }

    private void direct(TrackedConnection tracked, long lostHere) {
        Connection connection = tracked.connection();
        Directions found = connection == null ? null : connection.takeDirections();
        if (found != null) {
            directions.add(found.lostAtMost(lostHere));
            // There is more to tell of the peer than at first.
            at(tracked);
        }
    }

    Report report(
            CaseContext caseContext,
            int number,
            Instant startedAt,
            Duration took,
            @Nullable Diagnosis diagnosis,
            Duration stalled,
            Seed seed) {
        Duration mean = transits < 2 ? null : Duration.ofNanos(Math.round(jitter));
        Report.Messages messages = caseContext.framing() == Framing.MESSAGES
                ? new Report.Messages(sent, received, lost, duplicated, reordered, mean, directions.get())
                : null;
        return new Report(
                caseContext.target(),
                number,
                startedAt,
                took,
                diagnosis,
                localAddress,
                remoteAddress,
                details(),
                new Report.Phases(
                        opening.get(Phase.RESOLVE),
                        opening.get(Phase.CONNECT),
                        opening.get(Phase.TLS),
                        firstByte,
                        lastByte),
                bytesSent,
                bytesReceived,
                roundTrips.get(),
                corrected.get(),
                messages,
                warnings,
                stalled,
                seed.value());
    }
}
