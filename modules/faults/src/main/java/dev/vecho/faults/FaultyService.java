package dev.vecho.faults;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Faults.Certificate;
import dev.vecho.core.Peer;
import dev.vecho.core.RequestFaults;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A service with faults on both sides of it. */
final class FaultyService implements ConfiguredService {

    private final ConfiguredService service;
    private final @Nullable RequestFaults requests;
    private volatile SharedFaults faults;

    FaultyService(ConfiguredService service, SharedFaults faults) {
        this(service, faults, false);
    }

    private FaultyService(ConfiguredService service, SharedFaults faults, boolean ofRequests) {
        this.service = service;
        this.faults = faults;
        this.requests = ofRequests ? new FaultyRequests(service, () -> this.faults) : null;
    }

    /** Makes it for a transport that carries requests. */
    static FaultyService ofRequests(ConfiguredService service, SharedFaults faults) {
        return new FaultyService(service, faults, true);
    }

    @Override
    public @Nullable RequestFaults requestFaults() {
        return requests;
    }

    @Override
    public @Nullable String refusal(Transport.Framing framing) {
        return service.refusal(framing);
    }

    @Override
    public boolean amplifies() {
        return service.amplifies()
                || faults.faults().toPeer().duplicate() > 0
                || faults.faults().fromPeer().duplicate() > 0;
    }

    @Override
    public boolean accepts() {
        return !faults.faults().neverAccept();
    }

    @Override
    public Map<String, Certificate> certificates() {
        return faults.faults().certificates();
    }

    @Override
    public String contentType() {
        return service.contentType();
    }

    @Override
    public boolean echoes() {
        return service.echoes();
    }

    @Override
    public boolean readsMessages() {
        return service.readsMessages();
    }

    @Override
    public Welcome welcome(Traffic traffic) {
        SharedFaults all = faults;
        RandomGenerator random = all.nextWelcome();
        FaultSet now = all.acting(random.nextDouble());
        // A request that nobody answers is one of many on its connection.
        if (now.silent() && requests == null) {
            traffic.fault("silent");
            return new Welcome(true, Duration.ZERO);
        }
        long delay = now.handshakeDelay().nanos(random);
        if (delay > 0) {
            traffic.fault("handshakeDelay");
        }
        return new Welcome(false, Duration.ofNanos(delay));
    }

    @Override
    public void serve(ServiceStream stream) {
        SharedFaults all = faults;
        SplittableRandom random = all.next();
        FaultyStream faulty = new FaultyStream(
                stream,
                Objects.requireNonNull(Vertx.currentContext(), "is called on a context"),
                all,
                random.nextDouble(),
                UnaryOperator.identity(),
                random);
        service.serve(faulty);
        faulty.begin();
    }

    @Override
    public @Nullable Buffer answer(Peer peer, Buffer message) {
        throw new UnsupportedOperationException("a message may have several answers, or a late one");
    }

    @Override
    public void answer(Peer peer, Buffer message, Answers answers) {
        SharedFaults all = faults;
        all.messages().answer(service, peer, message, answers);
    }

    @Override
    public void replacedBy(@Nullable ConfiguredService next) {
        if (next instanceof FaultyService other) {
            FaultSet wanted = other.faults.faults();
            other.faults = faults;
            faults.change(wanted);
            service.replacedBy(other.service);
        } else {
            faults.change(FaultSet.NONE);
            service.replacedBy(next);
        }
    }
}
