package dev.vecho.server;

import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import java.util.List;

/**
 * A listener that is open.
 *
 * @param name its key in the configuration
 * @param transport the name of what carries its bytes
 * @param addresses the real ones, as targets: {@code tcp://127.0.0.1:7007}
 * @param notes what an operator should know of it, such as a certificate's fingerprint
 * @param traffic its counters, which go on counting
 * @param parts each event loop's share
 */
public record OpenListener(
        String name,
        String transport,
        List<String> addresses,
        List<String> notes,
        Traffic traffic,
        List<Listener> parts) {

    public OpenListener {
        addresses = List.copyOf(addresses);
        notes = List.copyOf(notes);
        parts = List.copyOf(parts);
    }
}
