package dev.vecho.faults;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.ServiceStream;
import dev.vecho.core.Traffic;
import dev.vecho.core.Transport;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A service with faults on both sides of it. */
final class FaultyService implements ConfiguredService {

    private final ConfiguredService service;
    private volatile SharedFaults faults;

    FaultyService(ConfiguredService service, SharedFaults faults) {
        this.service = service;
        this.faults = faults;
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
        if (now.silent()) {
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
        FaultyStream faulty = new FaultyStream(
                stream, Objects.requireNonNull(Vertx.currentContext(), "is called on a context"), all, all.next());
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
        all.fromPeer()
                .pass(
                        message,
                        answers,
                        arrived -> service.answer(peer, arrived, new Answers() {
                            @Override
                            public void send(Buffer answer) {
                                all.toPeer().pass(answer, answers, answers::send);
                            }

                            @Override
                            public void fault(String name) {
                                answers.fault(name);
                            }
                        }));
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
