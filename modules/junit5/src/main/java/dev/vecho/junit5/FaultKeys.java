package dev.vecho.junit5;

import io.vertx.core.json.JsonObject;
import java.util.Locale;

/** {@link Faults} as the listener's key {@code faults} has them; what is not said is left out. */
final class FaultKeys {

    private FaultKeys() {}

    static JsonObject of(Faults faults) {
        JsonObject keys = new JsonObject();
        put(keys, "toPeer", of(faults.toPeer()));
        put(keys, "fromPeer", of(faults.fromPeer()));
        put(keys, "seed", faults.seed(), -1L);
        put(keys, "probability", faults.probability(), 1.0);
        put(keys, "silent", faults.silent(), false);
        put(keys, "neverAccept", faults.neverAccept(), false);
        put(keys, "handshakeDelay", faults.handshakeDelay(), "");
        return keys;
    }

    private static JsonObject of(Fault fault) {
        JsonObject keys = new JsonObject();
        put(keys, "latency", fault.latency(), "");
        put(keys, "bytesPerSecond", fault.bytesPerSecond(), 0L);
        put(keys, "stallAfterBytes", fault.stallAfterBytes(), -1L);
        put(keys, "closeDelay", fault.closeDelay(), "");
        put(keys, "duplicate", fault.duplicate(), 0.0);
        put(keys, "halfClose", word(fault.halfClose()), word(Fault.HalfClose.PASS));

        JsonObject slice = new JsonObject();
        put(slice, "bytes", fault.sliceBytes(), 0);
        put(slice, "pause", fault.slicePause(), "");
        put(keys, "slice", slice);

        JsonObject cut = new JsonObject();
        put(cut, "afterBytes", fault.cutAfterBytes(), -1L);
        put(cut, "after", fault.cutAfter(), "");
        put(cut, "with", word(fault.cutWith()), word(Fault.Cut.RESET));
        put(keys, "cut", cut);

        JsonObject corrupt = new JsonObject();
        put(corrupt, "rate", fault.corruptRate(), 0.0);
        put(corrupt, "offset", fault.corruptOffset(), -1L);
        put(keys, "corrupt", corrupt);

        JsonObject loss = new JsonObject();
        put(loss, "rate", fault.loss(), 0.0);
        put(loss, "burst", fault.lossBurst(), 0.0);
        put(keys, "loss", loss);

        JsonObject reorder = new JsonObject();
        put(reorder, "rate", fault.reorder(), 0.0);
        put(reorder, "depth", fault.reorderDepth(), 1);
        put(keys, "reorder", reorder);

        JsonObject truncate = new JsonObject();
        put(truncate, "bytes", fault.truncateBytes(), -1);
        put(truncate, "rate", fault.truncateRate(), 1.0);
        put(keys, "truncate", truncate);

        JsonObject status = new JsonObject();
        put(status, "code", fault.status(), 0);
        put(status, "rate", fault.statusRate(), 1.0);
        put(keys, "status", status);
        return keys;
    }

    private static String word(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT);
    }

    private static void put(JsonObject keys, String key, Object value, Object unsaid) {
        if (!value.equals(unsaid)) {
            keys.put(key, value);
        }
    }

    private static void put(JsonObject keys, String key, JsonObject value) {
        if (!value.isEmpty()) {
            keys.put(key, value);
        }
    }
}
