package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Transport;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.testkit.BusClient;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.testkit.MessageClient;
import dev.vecho.transport.eventbus.EventBusTransport;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Each fault of messages on the event bus, as who asks notices it. */
class FaultyEventBusTest extends ListenerContract {

    FaultyEventBusTest() {
        super(usualIo());
    }

    @Override
    protected Transport transport() {
        return new EventBusTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("address", "faulty");
    }

    private JsonObject with(String faults) {
        return options().put("faults", new JsonObject(faults.replace('\'', '"')));
    }

    private MessageClient faulty(String faults) throws Exception {
        listen(with(faults));
        return new BusClient(vertx(), "faulty");
    }

    private long count(String fault) {
        return traffic().faults().getOrDefault(fault, 0L);
    }

    @Test
    void losesTheSameShareForTheSameSeed() throws Exception {
        List<List<Integer>> runs = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            List<Integer> came = new ArrayList<>();
            try (MessageClient client = faulty("{'seed': 5, 'fromPeer': {'loss': {'rate': 0.2}}}")) {
                for (int i = 0; i < 100; i++) {
                    long lost = count("fromPeer.loss");
                    int number = i;
                    client.send(new byte[] {(byte) i});
                    eventually(
                            "it is lost or answered",
                            () -> count("fromPeer.loss") + traffic().snapshot().sent() == number + 1);
                    if (count("fromPeer.loss") == lost) {
                        assertThat(client.receive(PATIENCE)).isEqualTo(new byte[] {(byte) i});
                        came.add(i);
                    }
                }
            }
            // 80 on average, and a standard deviation of 4.
            assertThat(came).hasSizeBetween(60, 98);
            runs.add(came);
            await(drain(Duration.ZERO));
        }
        assertThat(runs.get(0)).isEqualTo(runs.get(1));
    }

    @Test
    void delaysCorruptsAndShortens() throws Exception {
        byte[] bytes = bytes(100, 1);
        try (MessageClient client = faulty("{'toPeer': {'latency': '100ms', 'truncate': {'bytes': 50}},"
                + " 'fromPeer': {'corrupt': {'offset': 7}}}")) {
            long begin = System.nanoTime();
            client.send(bytes);
            byte[] back = Objects.requireNonNull(client.receive(PATIENCE));
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isGreaterThanOrEqualTo(100);
            assertThat(back).hasSize(50);
            assertThat(Integer.bitCount((back[7] ^ bytes[7]) & 0xff)).isEqualTo(1);
            back[7] = bytes[7];
            assertThat(back).isEqualTo(Arrays.copyOf(bytes, 50));
        }
    }

    @Test
    void letsLaterMessagesOvertakeAndChangesWhileItRuns() throws Exception {
        try (MessageClient client = faulty("{'toPeer': {'reorder': {'rate': 1, 'atMost': '1h'}}}")) {
            client.send(new byte[] {1});
            eventually("it is held", () -> count("toPeer.reorder") == 1);
            change(with("{'toPeer': {'reorder': {'rate': 0, 'depth': 1}}}"));
            client.send(new byte[] {2});
            assertThat(client.receive(PATIENCE)).isEqualTo(new byte[] {2});
            assertThat(client.receive(PATIENCE)).isEqualTo(new byte[] {1});
            change(options());
            client.send(new byte[] {3});
            assertThat(client.receive(PATIENCE)).isEqualTo(new byte[] {3});
        }
    }

    @Test
    void saysWhatTheBusCannotHave() {
        assertThatThrownBy(() -> listen(with("{'toPeer': {'duplicate': 0.1}}")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("faults.toPeer.duplicate: is not there on the event bus");
    }
}
