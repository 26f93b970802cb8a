package dev.vecho.transport.stamp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Check;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.Directions;
import dev.vecho.core.Directions.Delay;
import dev.vecho.core.Listener;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.PythonStamp;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both sides against peers written from the RFCs in Python, honest, faulty and hostile ones. */
@Timeout(120)
class StampPeersTest {

    private static final String KEY = "a-shared-key";

    /** On the io that services have, which knows of datagrams that this machine has dropped. */
    private final Vertx vertx = Vertx.builder()
            .withTransport(Io.transport(Io.available().contains("epoll") ? "epoll" : "nio"))
            .build();

    private final Traffic traffic = new Traffic();

    @TempDir
    Path directory;

    @AfterEach
    void close() throws Exception {
        await(vertx.close());
    }

    // ---- our reflector

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void answersAForeignSender(boolean authenticated) throws Exception {
        JsonObject options = authenticated ? keyed() : new JsonObject();
        int port = listen(options.copy());
        JsonObject plain = new JsonObject().put("seq", 5).put("ssid", 77);
        JsonArray tlvs = new JsonArray()
                .add(new JsonArray().add(3).add("00000000"))
                .add(new JsonArray().add(7).add("00".repeat(16)))
                .add(new JsonArray().add(99).add("aabb"))
                .add(new JsonArray().add(1).add("01020304"));
        if (authenticated) {
            tlvs.add(new JsonArray().add(8).add(""));
        }
        List<JsonObject> replies = PythonStamp.send(options.put("port", port)
                .put(
                        "packets",
                        new JsonArray()
                                .add(plain)
                                .add(plain.copy().put("seq", 6).put("ptp", true))
                                .add(plain.copy().put("seq", 9).put("tlvs", tlvs))));
        for (int i = 0; i < 3; i++) {
            JsonObject reply = replies.get(i);
            assertThat(reply.getMap())
                    .containsEntry("seq", i)
                    .containsEntry("ssid", 77)
                    .containsEntry("senderSeq", List.of(5, 6, 9).get(i))
                    .containsEntry("copied", true)
                    .containsEntry("ordered", true)
                    .containsEntry("zeros", true)
                    .containsEntry("ttl", 255)
                    .containsEntry("size", reply.getInteger("asked"));
            assertThat(reply.getInteger("estimate") & 0xC000).isEqualTo(i == 1 ? 0x4000 : 0);
            assertThat(reply.getBoolean("hmac")).isEqualTo(authenticated ? true : null);
        }
        JsonArray found = replies.get(2).getJsonArray("tlvs");
        assertThat(found.getJsonArray(0)).isEqualTo(new JsonArray("[0, 3, \"05020502\"]"));
        assertThat(found.getJsonArray(1).getInteger(0)).isZero();
        assertThat(found.getJsonArray(1).getString(2)).startsWith("00000001").endsWith("02000000");
        assertThat(found.getJsonArray(2)).isEqualTo(new JsonArray("[128, 99, \"aabb\"]"));
        assertThat(found.getJsonArray(3)).isEqualTo(new JsonArray("[0, 1, \"01020304\"]"));
        assertThat(replies.get(2).getBoolean("tlvHmac")).isEqualTo(authenticated ? true : null);
    }

    @Test
    void answersNobodyWithMoreThanHeSent() throws Exception {
        int port = listen(new JsonObject());
        JsonObject asked = new JsonObject().put("port", port);
        assertThat(PythonStamp.send(
                        asked.copy().put("packets", ofSizes(0, 1, 14, 40)).put("patience", 0.2)))
                .hasSize(4)
                .containsOnlyNulls();
        assertThat(PythonStamp.send(asked.copy().put("packets", ofSizes(41, 43, 44, 45, 47, 48, 1400))))
                .hasSize(7)
                .allSatisfy(reply -> assertThat(reply.getInteger("size")).isEqualTo(reply.getInteger("asked")));
        assertThat(traffic.drops()).containsEntry("too short for a test packet", 4L);
    }

    private static JsonArray ofSizes(int... sizes) {
        JsonArray packets = new JsonArray();
        for (int size : sizes) {
            packets.add(new JsonObject().put("hex", "80".repeat(size)));
        }
        return packets;
    }

    @Test
    void answersNobodyWithoutTheKey() throws Exception {
        int port = listen(keyed());
        JsonObject asked = new JsonObject().put("port", port).put("patience", 0.5);
        JsonArray one = new JsonArray().add(new JsonObject());
        assertThat(PythonStamp.send(asked.copy().put("key", "another").put("packets", one)))
                .containsOnlyNulls();
        assertThat(PythonStamp.send(asked.copy().put("packets", one))).containsOnlyNulls();
        assertThat(PythonStamp.send(asked.copy()
                        .put("key", KEY)
                        .put("packets", new JsonArray().add(new JsonObject().put("wrong", true)))))
                .containsOnlyNulls();
        assertThat(traffic.drops())
                .containsEntry("with a wrong HMAC", 2L)
                .containsEntry("too short for a test packet", 1L);
    }

    // ---- our sender

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | {} | unauthenticated | stateless | reflected",
                "{'stateful':true} | {} | unauthenticated | stateful | reflected",
                "{'stateful':true} | {'timestamps':'ptp'} | unauthenticated | stateful | reflected",
                "{'bare':true} | {} | unauthenticated | unknown | not reflected",
                "{'bare':true} | {'tlvs':false} | unauthenticated | unknown | ",
                "{'bare':true,'stateful':true} | {'reflector':'stateful'} | unauthenticated | stateful | not reflected",
                "{'stateful':true,'key':'a-shared-key'} | {'key':'a-shared-key'} | authenticated | stateful | reflected",
                "{'bare':true,'key':'a-shared-key'} | {'key':'a-shared-key'} | authenticated | unknown | not reflected"
            })
    void passesWithAForeignReflector(String peer, String own, String mode, String reflector, @Nullable String padding)
            throws Exception {
        try (PythonStamp python = PythonStamp.reflector(json(peer))) {
            Report report = play(python.port(), json(own), 10);
            assertThat(report.diagnosis()).isNull();
            assertThat(report.details()).containsEntry("mode", mode);
            assertThat(report.details().get("padding")).isEqualTo(padding);
            assertThat(report.details()).containsEntry("reflector", reflector);
            assertThat(directions(report).lostUnknown()).isZero();
            assertThat(directions(report).forward().jitter()).isNotNull();
        }
    }

    @Test
    void tellsTheDirectionOfLosses() throws Exception {
        JsonObject forward = new JsonObject("{\"stateful\": true, \"dropForward\": [2, 3, 7]}");
        try (PythonStamp python = PythonStamp.reflector(forward)) {
            Report report = play(python.port(), new JsonObject(), 10);
            failed(report, FailureKind.LOST);
            isLost(report, 3, 0, 0);
        }
        JsonObject backward = new JsonObject("{\"stateful\": true, \"dropBackward\": [2, 3, 7]}");
        try (PythonStamp python = PythonStamp.reflector(backward)) {
            Report report = play(python.port(), new JsonObject(), 10);
            failed(report, FailureKind.LOST);
            isLost(report, 0, 3, 0);
        }
        JsonObject both = new JsonObject("{\"stateful\": true, \"dropForward\": [1, 9], \"dropBackward\": [2, 5]}");
        try (PythonStamp python = PythonStamp.reflector(both)) {
            isLost(play(python.port(), new JsonObject(), 10), 1, 2, 1);
        }
    }

    @Test
    void claimsNoDirectionWhereTheReflectorKeepsNoState() throws Exception {
        try (PythonStamp python =
                PythonStamp.reflector(new JsonObject("{\"dropForward\": [2], \"dropBackward\": [5]}"))) {
            Report report = play(python.port(), new JsonObject(), 10);
            failed(report, FailureKind.LOST);
            Directions directions = directions(report);
            assertThat(directions.forward().lost()).isNull();
            assertThat(directions.backward().lost()).isNull();
            assertThat(directions.lostUnknown()).isEqualTo(2);
            assertThat(report.details()).containsEntry("reflector", "stateless");
        }
    }

    @Test
    void tellsTheDirectionOfDuplicatesAndReordering() throws Exception {
        JsonObject options = new JsonObject("{\"stateful\": true, \"twiceForward\": [1], \"twiceBackward\": [3, 4],"
                + " \"swapForward\": [6], \"swapBackward\": [8]}");
        try (PythonStamp python = PythonStamp.reflector(options)) {
            JsonObject budget = new JsonObject().put("duplicates", 1).put("reordered", 1);
            Report report = play(python.port(), new JsonObject(), 10, new JsonObject().put("budget", budget));
            assertThat(report.diagnosis()).isNull();
            Directions directions = directions(report);
            assertThat(directions.forward().duplicated()).isEqualTo(1);
            assertThat(directions.backward().duplicated()).isEqualTo(2);
            assertThat(directions.forward().reordered()).isEqualTo(1);
            assertThat(directions.backward().reordered()).isEqualTo(1);
            Report.Messages messages = Objects.requireNonNull(report.messages());
            assertThat(messages.duplicated()).isEqualTo(3);
            assertThat(messages.reordered()).isEqualTo(2);
            isLost(report, 0, 0, 0);
        }
    }

    @Test
    void tellsDelayByDirectionOnlyWhereBothClocksAreSaidToBeRight() throws Exception {
        JsonObject clock = new JsonObject().put("clockErrorMicros", 100);
        try (PythonStamp python = PythonStamp.reflector(new JsonObject().put("stateful", true))) {
            assertThat(directions(play(python.port(), clock, 3)).forward().delay())
                    .isNull();
        }
        JsonObject right = new JsonObject("{\"stateful\": true, \"synchronised\": true, \"clockOffset\": 0.2}");
        try (PythonStamp python = PythonStamp.reflector(right)) {
            assertThat(directions(play(python.port(), new JsonObject(), 3))
                            .forward()
                            .delay())
                    .isNull();
            Directions directions = directions(play(python.port(), clock, 3));
            // A clock that is wrong shows: what one direction gains the other loses.
            Delay forward = Objects.requireNonNull(directions.forward().delay());
            Delay backward = Objects.requireNonNull(directions.backward().delay());
            assertThat(forward.min()).isGreaterThanOrEqualTo(Duration.ofMillis(199));
            assertThat(backward.min()).isNegative();
            assertThat(forward.error()).isGreaterThan(Duration.ofNanos(100_000));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "short,   '',           injected, noReply.too short",
        "session, '',           injected, noReply.another session",
        "unsent,  '',           injected, noReply.never sent",
        "hmac,    a-shared-key, injected, noReply.wrong HMAC",
        "tlv,     '',           ,         ",
        "leap,    '',           ,         "
    })
    void judgesAHostileReflector(String hostile, String key, @Nullable String word, @Nullable String detail)
            throws Exception {
        JsonObject options = new JsonObject().put("stateful", true).put("hostile", hostile);
        JsonObject own = new JsonObject();
        if (!key.isEmpty()) {
            options.put("key", key);
            own.put("key", key);
        }
        try (PythonStamp python = PythonStamp.reflector(options)) {
            Report report = play(python.port(), own, 5);
            FailureKind found = word(report);
            assertThat(found == null ? null : found.toString()).isEqualTo(word);
            if (detail != null) {
                assertThat(report.details()).containsEntry(detail, "1");
            }
        }
    }

    // ---- both sides

    @Test
    void measuresItself() throws Exception {
        JsonObject options = keyed().put("clockSource", "ntp").put("clockErrorMicros", 50);
        int port = listen(options);
        Report report = play(port, new JsonObject().put("key", KEY).put("clockErrorMicros", 50), 100);
        assertThat(report.diagnosis()).isNull();
        isLost(report, 0, 0, 0);
        assertThat(report.details())
                .containsEntry("reflector", "stateful")
                .containsEntry("padding", "reflected")
                .containsEntry("timestamping", "software in, software out")
                .containsEntry("timestamps", "ntp");
        Delay forward = Objects.requireNonNull(directions(report).forward().delay());
        assertThat(forward.count()).isEqualTo(100);
        assertThat(forward.min()).isPositive();
    }

    @Test
    void hasNoAnswerWithAnotherKey() throws Exception {
        int port = listen(keyed());
        Report report = play(port, new JsonObject().put("key", "another"), 1);
        failed(report, FailureKind.SILENT);
    }

    @Test
    void readsTheKeyFromAFile() throws Exception {
        Path file = Files.writeString(directory.resolve("key"), KEY + "\n");
        int port = listen(new JsonObject().put("keyFile", file.toString()));
        assertThat(play(port, new JsonObject().put("keyFile", file.toString()), 2)
                        .diagnosis())
                .isNull();
    }

    @Test
    void tellsWhatIsWrongWithTheOptionsOfAScript() {
        JsonObject own = new JsonObject()
                .put("timestamps", "gps")
                .put("reflector", 1)
                .put("clockErrorMicros", -1)
                .put("tvls", true)
                .put("key", "a b");
        Throwable thrown = Assertions.catchThrowable(() -> play(862, own, 1));
        assertThat(thrown).isInstanceOf(ExecutionException.class).cause().isInstanceOf(InvalidInputException.class);
        List<String> problems = ((InvalidInputException) Objects.requireNonNull(thrown.getCause())).problems();
        assertThat(problems).hasSize(5).allMatch(problem -> problem.startsWith("test: options.stamp."));
        assertThat(String.join("\n", problems)).doesNotContain("a b").contains("did you mean \"tlvs\"");
    }

    private static JsonObject keyed() {
        return new JsonObject().put("key", KEY);
    }

    private static JsonObject json(String text) {
        return new JsonObject(text.replace('\'', '"'));
    }

    private static Directions directions(Report report) {
        return Objects.requireNonNull(Objects.requireNonNull(report.messages()).directions());
    }

    private static @Nullable FailureKind word(Report report) {
        return report.diagnosis() == null ? null : report.diagnosis().word();
    }

    /** Or it was not judged, because this process could not run. */
    private static void failed(Report report, FailureKind expected) {
        assertThat(word(report))
                .isIn(report.disturbed() ? EnumSet.of(expected, FailureKind.UNJUDGED) : EnumSet.of(expected));
    }

    private static void isLost(Report report, long forward, long backward, long unknown) {
        Directions directions = directions(report);
        assertThat(directions.forward().lost()).as("forward").isEqualTo(forward);
        assertThat(directions.backward().lost()).as("backward").isEqualTo(backward);
        assertThat(directions.lostUnknown()).as("unknown").isEqualTo(unknown);
    }

    private int listen(JsonObject options) throws Exception {
        Problems problems = new Problems();
        options.put("host", "127.0.0.1").put("port", 0);
        var server = new StampTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        Promise<Listener> open = Promise.promise();
        vertx.runOnContext(start -> server.listen(traffic).onComplete(open));
        String address = await(open.future()).addresses().get(0);
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    private Report play(int port, JsonObject own, int count) throws Exception {
        return play(port, own, count, new JsonObject());
    }

    /** One after another, so that they come in this order. */
    private Report play(int port, JsonObject own, int count, JsonObject more) throws Exception {
        JsonObject send = new JsonObject()
                .put("send", new JsonObject().put("random", 20))
                .put("count", count)
                .put("ratePerSecond", 200);
        JsonObject json = new JsonObject()
                .put("targets", new JsonArray().add("stamp://127.0.0.1:" + port))
                .put("timeoutMillis", 1500)
                .put("options", new JsonObject().put("stamp", own))
                .put("steps", new JsonArray().add(send).add(new JsonObject().put("expect", "echo")))
                .mergeIn(more);
        Script script = Script.of(json, Source.named("test"));
        Check check = await(Check.open(vertx, script)).get(0);
        return await(check.play(1).eventually(check::close));
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
