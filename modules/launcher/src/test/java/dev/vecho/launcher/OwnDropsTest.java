package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Check;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Datagrams that a healthy peer has echoed, and that the machine of the check has no room for. */
@Timeout(120)
final class OwnDropsTest {

    private static final int COUNT = 2000;

    static List<String> ios() {
        return Io.available();
    }

    @ParameterizedTest
    @MethodSource("ios")
    void areNoFaultOfThePeers(String io) throws Exception {
        Report report = play(io, new JsonObject());

        Diagnosis diagnosis = Objects.requireNonNull(report.diagnosis(), report.toString());
        assertThat(diagnosis.kind()).as(diagnosis.sentence()).isEqualTo("unjudged: memory");
        assertThat(diagnosis.sentence()).startsWith("this machine ").contains("lost: ");
    }

    @ParameterizedTest
    @MethodSource("ios")
    void disturbARoundThatToleratesLosses(String io) throws Exception {
        Report report = play(io, new JsonObject().put("loss", 0.01));

        assertThat(report.diagnosis()).isNull();
        assertThat(Objects.requireNonNull(report.messages()).lost()).isPositive();
        assertThat(report.disturbed()).isTrue();
        assertThat(report.warnings()).extracting(Report.Warning::word).contains("dropped");
    }

    private static Report play(String io, JsonObject budget) throws Exception {
        Vertx vertx = Vertx.builder().withTransport(Io.transport(io)).build();
        try (DatagramSocket server = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            server.setReceiveBufferSize(8 << 20);
            Thread echo = new Thread(() -> echo(server), "echo");
            echo.start();
            Script script = Script.of(
                    new JsonObject()
                            .put("targets", new JsonArray().add("udp://127.0.0.1:" + server.getLocalPort()))
                            .put("budget", budget)
                            .put("timeoutMillis", 500)
                            .put(
                                    "steps",
                                    new JsonArray()
                                            .add(new JsonObject()
                                                    .put("send", new JsonObject().put("random", 1000))
                                                    .put("count", COUNT))
                                            .add(new JsonObject().put("expect", "echo"))),
                    Source.named("test"));
            Check check = Check.open(vertx, script).await(30, TimeUnit.SECONDS).get(0);
            return check.play(1, new Standstill()).await(60, TimeUnit.SECONDS);
        } finally {
            vertx.close().await(30, TimeUnit.SECONDS);
        }
    }

    private static void echo(DatagramSocket server) {
        DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
        try {
            while (true) {
                server.receive(packet);
                server.send(packet);
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    /** Keeps the event loop from reading while it sends. */
    private static final class Standstill implements Trace {

        private int sent;

        @Override
        public void sent(Duration at, byte[] first, int count) {
            if (++sent == COUNT) {
                LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
            }
        }
    }
}
