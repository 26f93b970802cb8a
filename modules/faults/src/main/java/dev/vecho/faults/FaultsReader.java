package dev.vecho.faults;

import dev.vecho.core.Faults.Carried;
import dev.vecho.core.Faults.Certificate;
import dev.vecho.core.RequestFaults.Status;
import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import dev.vecho.faults.DirectionFaults.Corrupt;
import dev.vecho.faults.DirectionFaults.Cut;
import dev.vecho.faults.DirectionFaults.HalfClose;
import dev.vecho.faults.DirectionFaults.Loss;
import dev.vecho.faults.DirectionFaults.Reorder;
import dev.vecho.faults.DirectionFaults.Slice;
import dev.vecho.faults.DirectionFaults.StatusFault;
import dev.vecho.faults.DirectionFaults.Truncate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a {@link FaultSet}. All that is wrong is added to the options. */
final class FaultsReader {

    /** A name that clients ask for, or a wildcard. */
    private static final Pattern SERVER_NAME = Pattern.compile("\\*|(\\*\\.)?[a-z0-9_-]+(\\.[a-z0-9_-]+)*");

    private static final Map<String, Certificate> CERTIFICATES = Map.of(
            "expired", Certificate.EXPIRED,
            "wrong-name", Certificate.WRONG_NAME,
            "self-signed", Certificate.SELF_SIGNED);

    private static final long MAX_OFFSET = 1L << 53;
    private static final String WHOLE = "has no meaning here: a message is whole";
    private static final String STREAM = "has no meaning here: a stream has no messages";
    private static final String NO_CONNECTION = "has no meaning here: a message needs no connection";

    private static final String NO_TLS = "needs tls, which this listener does not have";
    private static final String NO_REQUEST = "has no meaning here: it is the response's to a request of HTTP";

    /** What only one kind of transport can have, and why the other cannot. */
    private static final List<String> OF_STREAMS = List.of("bytesPerSecond", "slice", "stallAfterBytes", "cut");

    private static final List<String> OF_MESSAGES = List.of("loss", "duplicate", "reorder", "truncate");

    private static final List<String> OF_RESPONSES = List.of("status", "loseTrailers");

    private final Options options;
    private final boolean stream;
    private final boolean messages;
    private final boolean requests;
    private final boolean encrypted;

    FaultsReader(Options options, Set<Carried> carried, boolean encrypted) {
        this.options = options;
        this.requests = carried.contains(Carried.REQUESTS);
        this.stream = requests || carried.contains(Carried.STREAM);
        this.messages = requests || carried.contains(Carried.MESSAGES);
        this.encrypted = encrypted;
    }

    FaultSet read() {
        long seed = options.has("seed")
                ? options.integer("seed", 0L, 0, MAX_OFFSET)
                : ThreadLocalRandom.current().nextLong();
        if (!stream) {
            options.refuse("probability", NO_CONNECTION + ", and has rates of its own");
            options.refuse("silent", NO_CONNECTION + ": see loss");
            options.refuse("neverAccept", NO_CONNECTION + ": see loss");
        }
        if (!stream || !encrypted) {
            options.refuse("handshakeDelay", NO_TLS);
            options.refuse("certificates", NO_TLS);
        }
        double probability = share(options, "probability", 1);
        boolean silent = options.flag("silent", false);
        Distribution handshake = distribution(options, "handshakeDelay");
        DirectionFaults toPeer = direction("toPeer");
        DirectionFaults fromPeer = direction("fromPeer");
        if (silent && (handshake != null || toPeer.isAny() || fromPeer.isAny())) {
            options.problem("silent", "contradicts the other faults: nothing passes on which they could act");
        }
        boolean never = stream && options.flag("neverAccept", false);
        if (never && options.keys().size() > 1) {
            options.problem(
                    "neverAccept", "contradicts the other faults: there is no connection on which they could act");
        }
        Duration duration = time(options, "for");
        return new FaultSet(
                seed,
                probability,
                every(duration),
                duration,
                silent,
                never,
                certificates(),
                handshake == null ? FaultSet.atOnce() : handshake,
                toPeer,
                fromPeer);
    }

    private Map<String, Certificate> certificates() {
        Options names = options.object("certificates");
        if (!options.has("certificates") || !encrypted) {
            return Map.of();
        }
        Map<String, Certificate> read = new TreeMap<>();
        for (String name : names.keys()) {
            Certificate wrong = names.choice(name, Certificate.EXPIRED, CERTIFICATES);
            if (!SERVER_NAME.matcher(name).matches()) {
                names.problem(name, "must be the name of a server, in small letters, or *.example.org, or *");
            }
            read.put(name, wrong);
        }
        return read;
    }

    private Duration every(Duration duration) {
        Duration every = time(options, "every");
        if (!every.isZero() && duration.isZero()) {
            options.problem("every", "needs for, which says how much of it the faults last");
        } else if (!every.isZero() && duration.compareTo(every) >= 0) {
            options.problem("for", "must be shorter than every");
        }
        return every;
    }

    private DirectionFaults direction(String key) {
        Options one = options.object(key);
        boolean toPeer = key.equals("toPeer");
        if (!messages) {
            OF_MESSAGES.forEach(other -> one.refuse(other, STREAM));
        }
        if (!stream) {
            OF_STREAMS.forEach(other -> one.refuse(other, WHOLE));
        }
        if (!requests || !toPeer) {
            OF_RESPONSES.forEach(
                    other -> one.refuse(other, requests ? "is the service's: it belongs into toPeer" : NO_REQUEST));
        }
        if (toPeer || !stream) {
            one.refuse("halfClose", stream ? "is the peer's: it belongs into fromPeer" : WHOLE);
        }
        if (!toPeer || !stream) {
            one.refuse("closeDelay", stream ? "is the service's: it belongs into toPeer" : WHOLE);
        }
        long stall = one.has("stallAfterBytes")
                ? one.integer("stallAfterBytes", DirectionFaults.NEVER, 0, MAX_OFFSET)
                : DirectionFaults.NEVER;
        Cut cut = cut(one);
        if (cut != null && cut.afterBytes() != DirectionFaults.NEVER && cut.afterBytes() > stall) {
            one.problem("cut.afterBytes", "is never reached: stallAfterBytes is " + stall);
        }
        DirectionFaults read = new DirectionFaults(
                distribution(one, "latency"),
                one.has("bytesPerSecond") && stream ? one.integer("bytesPerSecond", 1L, 1, MAX_OFFSET) : 0,
                slice(one),
                stall,
                cut,
                corrupt(one),
                one.choice(
                        "halfClose", HalfClose.PASS, Map.of("refuse", HalfClose.REFUSE, "swallow", HalfClose.SWALLOW)),
                distribution(one, "closeDelay"),
                requests && toPeer ? status(one) : null,
                requests && toPeer && one.flag("loseTrailers", false),
                loss(one),
                share(one, "duplicate", 0),
                reorder(one),
                truncate(one),
                one.integer("queueBytes", DirectionFaults.QUEUE_BYTES, 1024, Bounds.MAX_BYTES));
        one.rejectUnknownKeys();
        return read;
    }

    private @Nullable Slice slice(Options direction) {
        Options slice = direction.object("slice");
        if (!direction.has("slice") || !stream) {
            return null;
        }
        need(slice, "bytes", "how long a piece is");
        int bytes = slice.integer("bytes", 1, 1, Bounds.MAX_BYTES);
        int variation = slice.integer("variationBytes", 0, 0, Bounds.MAX_BYTES);
        if (variation >= bytes) {
            slice.problem("variationBytes", "must be less than bytes, " + bytes + ", was " + variation);
        }
        Distribution pause = distribution(slice, "pause");
        slice.rejectUnknownKeys();
        return new Slice(bytes, Math.min(variation, bytes - 1), pause == null ? random -> 1_000_000 : pause);
    }

    private @Nullable Cut cut(Options direction) {
        Options cut = direction.object("cut");
        if (!direction.has("cut") || !stream) {
            return null;
        }
        if (!cut.has("afterBytes") && !cut.has("after")) {
            cut.problem("", "needs afterBytes or after, which say when");
        }
        Cut read = new Cut(
                cut.has("afterBytes")
                        ? cut.integer("afterBytes", DirectionFaults.NEVER, 0, MAX_OFFSET)
                        : DirectionFaults.NEVER,
                cut.has("after") ? time(cut, "after") : null,
                cut.choice("with", true, Map.of("reset", true, "fin", false)));
        cut.rejectUnknownKeys();
        return read;
    }

    private @Nullable Corrupt corrupt(Options direction) {
        Options corrupt = direction.object("corrupt");
        if (!direction.has("corrupt")) {
            return null;
        }
        if (!corrupt.has("rate") && !corrupt.has("offset")) {
            corrupt.problem("", "needs rate or offset, which say what");
        }
        Corrupt read = new Corrupt(
                share(corrupt, "rate", 0),
                corrupt.has("offset")
                        ? corrupt.integer("offset", DirectionFaults.NEVER, 0, MAX_OFFSET)
                        : DirectionFaults.NEVER);
        corrupt.rejectUnknownKeys();
        return read;
    }

    private @Nullable StatusFault status(Options direction) {
        Options status = direction.object("status");
        if (!direction.has("status")) {
            return null;
        }
        need(status, "code", "what is answered, such as 503");
        StatusFault read = new StatusFault(
                share(status, "rate", 1),
                new Status(status.integer("code", 500, 400, 599), status.flag("beforeBody", false)));
        status.rejectUnknownKeys();
        return read;
    }

    private @Nullable Loss loss(Options direction) {
        Options loss = direction.object("loss");
        if (!direction.has("loss") || !messages) {
            return null;
        }
        boolean states = loss.has("toBad") || loss.has("toGood") || loss.has("inBad") || loss.has("inGood");
        Loss read;
        if (states) {
            for (String other : List.of("rate", "burst")) {
                loss.refuse(other, "contradicts toBad and toGood, which say it in another way");
            }
            need(loss, "toBad", "how often a good state becomes bad");
            need(loss, "toGood", "how often a bad state becomes good");
            read = new Loss(
                    share(loss, "toBad", 0),
                    share(loss, "toGood", 1),
                    share(loss, "inBad", 1),
                    share(loss, "inGood", 0));
        } else {
            need(loss, "rate", "the share that is lost");
            double rate = share(loss, "rate", 0);
            Double burst = loss.decimal("burst", 1, 1_000_000);
            if (burst != null && rate / (burst * (1 - rate)) > 1) {
                loss.problem("burst", "is too short for such a rate: no message would pass between two bursts");
            }
            read = burst == null ? Loss.uniform(rate) : Loss.bursts(rate, burst);
        }
        loss.rejectUnknownKeys();
        return read;
    }

    private @Nullable Reorder reorder(Options direction) {
        Options reorder = direction.object("reorder");
        if (!direction.has("reorder") || !messages) {
            return null;
        }
        need(reorder, "rate", "the share that is overtaken");
        Duration atMost = time(reorder, "atMost");
        Reorder read = new Reorder(
                share(reorder, "rate", 0),
                reorder.integer("depth", 1, 1, 1000),
                atMost.isZero() ? Duration.ofSeconds(1) : atMost);
        reorder.rejectUnknownKeys();
        return read;
    }

    private @Nullable Truncate truncate(Options direction) {
        Options truncate = direction.object("truncate");
        if (!direction.has("truncate") || !messages) {
            return null;
        }
        need(truncate, "bytes", "how much is left");
        Truncate read = new Truncate(share(truncate, "rate", 1), truncate.integer("bytes", 0, 0, Bounds.MAX_BYTES));
        truncate.rejectUnknownKeys();
        return read;
    }

    private static void need(Options options, String key, String meaning) {
        if (!options.has(key)) {
            options.problem(key, "is missing: " + meaning);
        }
    }

    private static double share(Options options, String key, double otherwise) {
        Double share = options.decimal(key, 0, 1);
        return share == null ? otherwise : share;
    }

    private static @Nullable Distribution distribution(Options options, String key) {
        return parsed(options, key, Distribution::parse);
    }

    private static Duration time(Options options, String key) {
        Duration time = parsed(options, key, Distribution::time);
        if (time != null && time.isZero() && !key.equals("after")) {
            options.problem(key, "must be longer than 0");
        }
        return time == null ? Duration.ZERO : time;
    }

    private static <T> @Nullable T parsed(Options options, String key, Function<String, T> parser) {
        String text = options.text(key);
        if (text == null) {
            return null;
        }
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            options.problem(key, String.valueOf(e.getMessage()));
            return null;
        }
    }
}
