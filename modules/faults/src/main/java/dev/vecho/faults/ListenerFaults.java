package dev.vecho.faults;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Faults;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The faults of a listener's key {@code faults}. */
public final class ListenerFaults implements Faults {

    @Override
    public ConfiguredService read(
            Vertx vertx,
            Options options,
            Set<Carried> carried,
            boolean encrypted,
            @Nullable ConfiguredService service) {
        FaultSet faults = new FaultsReader(options, carried, encrypted).read();
        SharedFaults shared = new SharedFaults(faults);
        ConfiguredService served = service == null ? new Echo() : service;
        return carried.contains(Carried.REQUESTS)
                ? FaultyService.ofRequests(served, shared)
                : new FaultyService(served, shared);
    }
}
