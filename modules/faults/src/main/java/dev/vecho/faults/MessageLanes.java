package dev.vecho.faults;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.Peer;
import io.vertx.core.buffer.Buffer;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Both directions of messages that have their chance in common: those of a listener, or of one WebSocket. */
final class MessageLanes {

    private final MessageLane fromPeer;
    private final MessageLane toPeer;

    /**
     * Makes them.
     *
     * @param acting what is to be done now
     * @param random makes the source of chance of a direction, which has a number below zero
     * @param some chooses among what is done in a direction
     */
    MessageLanes(
            Supplier<FaultSet> acting, LongFunction<SplittableRandom> random, UnaryOperator<DirectionFaults> some) {
        this.toPeer = new MessageLane(acting, faults -> some.apply(faults.toPeer()), () -> random.apply(-1), "toPeer.");
        this.fromPeer =
                new MessageLane(acting, faults -> some.apply(faults.fromPeer()), () -> random.apply(-2), "fromPeer.");
    }

    MessageLane toPeer() {
        return toPeer;
    }

    /** Has a message answered, and passes both on. */
    void answer(ConfiguredService service, Peer peer, Buffer message, Answers answers) {
        fromPeer.pass(
                message,
                answers,
                arrived -> service.answer(peer, arrived, new Answers() {
                    @Override
                    public void send(Buffer answer) {
                        toPeer.pass(answer, answers, answers::send);
                    }

                    @Override
                    public void fault(String name) {
                        answers.fault(name);
                    }
                }));
    }
}
