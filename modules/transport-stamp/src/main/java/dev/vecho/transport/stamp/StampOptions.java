package dev.vecho.transport.stamp;

import dev.vecho.core.config.Options;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What only a Session-Sender knows: the object {@value #KEY} of a script's {@code options}.
 *
 * @param key keys {@code key}, {@code keyFile}: of authenticated mode; without one it is unauthenticated
 * @param timestamps key {@code timestamps}, {@code ntp} or {@code ptp}; default {@code ntp}
 * @param tlvs key {@code tlvs}: whether packets have the extensions of RFC 8972; otherwise messages are plain padding, as TWAMP has it;
 *     default true
 * @param counts key {@code reflector}: {@code stateful} or {@code stateless} say which one it is, where it cannot be found out; default
 *     {@code auto}, null
 * @param clockError key {@code clockErrorMicros}: how far this machine's clock may be off; null where nothing keeps it right
 */
record StampOptions(
        @Nullable SharedKey key,
        Timestamps timestamps,
        boolean tlvs,
        @Nullable Boolean counts,
        @Nullable Duration clockError) {

    static final String KEY = "stamp";

    private enum Reflectors {
        AUTO,
        STATEFUL,
        STATELESS
    }

    static StampOptions read(Options own) {
        Map<String, Timestamps> formats = new LinkedHashMap<>();
        formats.put("ntp", Timestamps.NTP);
        formats.put("ptp", Timestamps.PTP);
        Map<String, Reflectors> reflectors = new LinkedHashMap<>();
        reflectors.put("auto", Reflectors.AUTO);
        reflectors.put("stateful", Reflectors.STATEFUL);
        reflectors.put("stateless", Reflectors.STATELESS);
        SharedKey key = SharedKey.read(own);
        Timestamps timestamps = own.choice("timestamps", Timestamps.NTP, formats);
        boolean tlvs = own.flag("tlvs", true);
        Reflectors reflector = own.choice("reflector", Reflectors.AUTO, reflectors);
        Duration clockError = ReflectorOptions.clockError(own);
        own.rejectUnknownKeys();
        Boolean counts = reflector == Reflectors.AUTO ? null : Boolean.valueOf(reflector == Reflectors.STATEFUL);
        return new StampOptions(key, timestamps, tlvs, counts, clockError);
    }
}
