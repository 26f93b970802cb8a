package dev.vecho.faults;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.Peer;
import dev.vecho.core.RequestFaults;
import dev.vecho.core.ServiceStream;
import dev.vecho.faults.DirectionFaults.StatusFault;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The faults of a listener as those of requests and WebSockets, each of which is what a connection is elsewhere. */
final class FaultyRequests implements RequestFaults {

    private final ConfiguredService service;
    private final Supplier<SharedFaults> faults;

    FaultyRequests(ConfiguredService service, Supplier<SharedFaults> faults) {
        this.service = service;
        this.faults = faults;
    }

    @Override
    public ConfiguredService service() {
        return service;
    }

    @Override
    public boolean isEcho() {
        return service instanceof Echo;
    }

    private static Context context() {
        return Objects.requireNonNull(Vertx.currentContext(), "is called on a context");
    }

    @Override
    public void request(ServiceStream bodies, Consumer<Request> served) {
        SharedFaults all = faults.get();
        SplittableRandom random = all.next();
        double drawn = random.nextDouble();
        FaultSet now = all.acting(drawn);
        if (now.silent()) {
            bodies.fault("silent");
            bodies.handler(bytes -> {});
            return;
        }
        StatusFault fault = now.toPeer().status();
        Status status = fault != null && random.nextDouble() < fault.rate() ? fault.status() : null;
        if (status != null) {
            bodies.fault("toPeer.status");
        }
        Begun begun = new Begun(bodies, all, drawn, status, random);
        served.accept(begun);
        begun.stream.begin();
    }

    /** A request under way. */
    private final class Begun implements Request {

        private final SharedFaults all;
        private final double drawn;
        private final @Nullable Status status;
        private final SplittableRandom random;
        private final FaultyStream stream;
        private boolean isWebSocket;

        Begun(ServiceStream bodies, SharedFaults all, double drawn, @Nullable Status status, SplittableRandom random) {
            this.all = all;
            this.drawn = drawn;
            this.status = status;
            this.random = random;
            this.stream = new FaultyStream(bodies, context(), all, drawn, this::some, random);
        }

        private DirectionFaults some(DirectionFaults faults) {
            return isWebSocket ? faults.ofWebSocketBytes() : faults;
        }

        @Override
        public ServiceStream bodies() {
            return stream;
        }

        @Override
        public @Nullable Status status() {
            return status;
        }

        @Override
        public boolean losesTrailers() {
            return all.acting(drawn).toPeer().losesTrailers();
        }

        @Override
        public WebSocket webSocket() {
            isWebSocket = true;
            return new Messages(stream, all, drawn, random);
        }
    }

    @Override
    public void webSocket(ServiceStream bytes, Consumer<WebSocket> served) {
        SharedFaults all = faults.get();
        SplittableRandom random = all.next();
        double drawn = random.nextDouble();
        FaultyStream stream = new FaultyStream(bytes, context(), all, drawn, DirectionFaults::ofWebSocketBytes, random);
        served.accept(new Messages(stream, all, drawn, random));
        stream.begin();
    }

    /** A WebSocket under way. */
    private final class Messages implements WebSocket {

        private final FaultyStream bytes;
        private final MessageLanes lanes;

        Messages(FaultyStream bytes, SharedFaults all, double drawn, SplittableRandom random) {
            this.bytes = bytes;
            this.lanes = new MessageLanes(
                    () -> all.acting(drawn), number -> random.split(), DirectionFaults::ofWebSocketMessages);
        }

        @Override
        public ServiceStream bytes() {
            return bytes;
        }

        @Override
        public void answer(Peer peer, Buffer message, Answers answers) {
            lanes.answer(service, peer, message, answers);
        }
    }
}
