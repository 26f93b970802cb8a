package dev.vecho.transport.eventbus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.FailureReason;
import dev.vecho.core.Listener;
import dev.vecho.core.ServerTransport;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What comes back of the bodies and headers that a message can have, and what is counted. */
final class EventBusListenerTest {

    private final Traffic traffic = new Traffic();
    private Vertx vertx;

    @SuppressWarnings("NullAway.Init") // setUp sets the rest.
    EventBusListenerTest() {}

    @BeforeEach
    void setUp() {
        vertx = Vertx.vertx();
    }

    @AfterEach
    void tearDown() throws Exception {
        await(vertx.close());
    }

    static Stream<@Nullable Object> bodies() {
        return Stream.of(
                Buffer.buffer(new byte[] {0, -1, 127}),
                "Grüße, 世界",
                new JsonObject().put("a", new JsonArray().add(1).addNull().add("x")),
                new JsonArray().add(new JsonObject().put("b", 1.5)),
                new byte[] {1, 2, 3},
                (byte) -7,
                (short) -300,
                70_000,
                1L << 40,
                1.5f,
                Math.PI,
                true,
                'ß',
                "",
                null);
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void echoesAnyBodyWithItsHeaders(@Nullable Object body) throws Exception {
        listen(new JsonObject());
        MultiMap headers = MultiMap.caseInsensitiveMultiMap()
                .add("trace", "4711")
                .add("twice", "1")
                .add("twice", "2");
        Message<Object> reply = request(body, new DeliveryOptions().setHeaders(headers));
        assertThat(reply.body()).isEqualTo(body);
        if (body != null) {
            assertThat(reply.body()).isInstanceOf(body instanceof Buffer ? Buffer.class : body.getClass());
        }
        assertThat(reply.headers().getAll("twice")).containsExactly("1", "2");
        assertThat(reply.headers().get("trace")).isEqualTo("4711");
        assertThat(reply.headers().entries()).hasSize(3);
        assertThat(traffic.snapshot().accepted()).isEqualTo(1);
    }

    @Test
    void countsBytesOfBuffersAndTexts() throws Exception {
        listen(new JsonObject());
        request(Buffer.buffer(new byte[5]), new DeliveryOptions());
        request("ü", new DeliveryOptions());
        request(1, new DeliveryOptions());
        awaitCounted();
        assertThat(traffic.snapshot()).isEqualTo(new Traffic.Snapshot(3, 0, 0, 0, 7, 7));
    }

    @Test
    void echoesABodyWithACodecOfItsOwn() throws Exception {
        listen(new JsonObject());
        vertx.eventBus().registerCodec(new MapCodec("maps", false));
        Message<Object> reply = request(Map.of("a", "b"), new DeliveryOptions().setCodecName("maps"));
        assertThat(reply.body()).isEqualTo(Map.of("a", "b"));
    }

    @Test
    void saysThatACodecDoesNotTakeItsBodyBack() throws Exception {
        listen(new JsonObject());
        vertx.eventBus().registerCodec(new MapCodec("one-way", true));
        ReplyException failure = failure(Map.of("a", "b"), new DeliveryOptions().setCodecName("one-way"));
        assertThat(failure.failureType()).isEqualTo(ReplyFailure.RECIPIENT_FAILURE);
        assertThat(failure.failureCode()).isEqualTo(EventBusListener.NOT_ECHOABLE);
        assertThat(failure).hasMessageContaining("cannot echo a body of java.lang.String");
        awaitCounted();
        assertThat(traffic.failures()).isEqualTo(Map.of(FailureReason.INPUT.words(), 1L));
        assertThat(request("others", new DeliveryOptions()).body()).isEqualTo("others");
    }

    @Test
    void refusesAMessageThatIsTooLarge() throws Exception {
        listen(new JsonObject().put("maxMessageBytes", 3));
        ReplyException failure = failure("1234", new DeliveryOptions());
        assertThat(failure.failureCode()).isEqualTo(EventBusListener.TOO_LARGE);
        assertThat(failure).hasMessage("a message must have at most 3 bytes here, this one has 4");
        assertThat(request("123", new DeliveryOptions()).body()).isEqualTo("123");
        awaitCounted();
        assertThat(traffic.snapshot()).isEqualTo(new Traffic.Snapshot(1, 0, 1, 0, 3, 3));
    }

    @Test
    void countsAMessageThatNobodyAwaitsAnAnswerTo() throws Exception {
        listen(new JsonObject());
        vertx.eventBus().send("vecho.echo", "sent");
        vertx.eventBus().publish("vecho.echo", "published");
        eventually(() -> traffic.snapshot().failed() == 2);
        assertThat(traffic.snapshot().accepted()).isEqualTo(2);
    }

    @Test
    void answersWhatHasComeWhenItDrains() throws Exception {
        Future<Listener> listening = listen(new JsonObject());
        Listener listener = listening.result();
        Future<Future<?>> asked =
                Future.future(promise -> vertx.runOnContext(now -> promise.complete(Future.all(IntStream.range(0, 1000)
                        .mapToObj(i -> vertx.eventBus().<Object>request("vecho.echo", i))
                        .toList()))));
        Future<?> answers = await(asked);
        await(listener.drain(Duration.ZERO));
        await(answers);
        ReplyException failure = failure("late", new DeliveryOptions());
        assertThat(failure.failureType()).isEqualTo(ReplyFailure.NO_HANDLERS);
    }

    @Test
    void readsItsOptions() {
        Problems problems = new Problems();
        EventBusListenerOptions options = EventBusListenerOptions.read(
                vertx,
                Options.of(
                        new JsonObject().put("address", "a_b/c-d.e~f").put("localOnly", true),
                        Source.named("x"),
                        problems));
        assertThat(problems.isEmpty()).isTrue();
        assertThat(options).isEqualTo(new EventBusListenerOptions("a_b/c-d.e~f", true, 16_777_216, null));
    }

    @Test
    void tellsWhatIsWrongWithItsOptions() {
        Problems problems = new Problems();
        EventBusListenerOptions.read(
                vertx,
                Options.of(
                        new JsonObject()
                                .put("address", "a:b")
                                .put("localOnly", 1)
                                .put("adress", "x")
                                .put("maxMessageBytes", 0),
                        Source.named("x"),
                        problems));
        assertThat(problemsOf(problems))
                .containsExactly(
                        "x: address: must be made of letters, digits, \".\", \"_\", \"~\", \"-\", and \"/\" between"
                                + " others, was \"a:b\"",
                        "x: localOnly: must be true or false, was 1",
                        "x: maxMessageBytes: must be 1..1073741824, was 0",
                        "x: adress: is not a known key, did you mean \"address\"?");
    }

    static Stream<String> problemsOf(Problems problems) {
        try {
            problems.throwIfAny();
            return Stream.of();
        } catch (InvalidInputException e) {
            return e.problems().stream();
        }
    }

    private Future<Listener> listen(JsonObject json) throws Exception {
        Problems problems = new Problems();
        ServerTransport server =
                new EventBusTransport().server(vertx, Options.of(json, Source.named("test"), problems));
        problems.throwIfAny();
        Future<Listener> listening = Future.future(
                promise -> vertx.runOnContext(now -> server.listen(traffic).onComplete(promise)));
        await(listening);
        return listening;
    }

    private Message<Object> request(@Nullable Object body, DeliveryOptions options) throws Exception {
        return await(vertx.eventBus().request("vecho.echo", body, options));
    }

    private ReplyException failure(Object body, DeliveryOptions options) throws Exception {
        try {
            Message<Object> reply = request(body, options);
            throw new AssertionError("answered: " + reply.body());
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(ReplyException.class);
            return (ReplyException) Objects.requireNonNull(e.getCause());
        }
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** How a message ended is counted after the answer has gone. */
    private void awaitCounted() throws Exception {
        eventually(() -> traffic.snapshot().active() == 0);
    }

    private static void eventually(BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Maps of texts; one way it delivers them as a text. */
    private record MapCodec(String name, boolean oneWay) implements MessageCodec<Map<String, String>, Object> {

        @Override
        public void encodeToWire(Buffer buffer, Map<String, String> map) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object decodeFromWire(int position, Buffer buffer) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object transform(Map<String, String> map) {
            return oneWay ? Arrays.toString(map.keySet().toArray()) : Map.copyOf(map);
        }

        @Override
        public byte systemCodecID() {
            return -1;
        }
    }
}
