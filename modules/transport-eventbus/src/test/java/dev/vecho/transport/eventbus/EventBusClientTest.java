package dev.vecho.transport.eventbus;

import static dev.vecho.transport.eventbus.EventBusListenerTest.problemsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.ClientTransport;
import dev.vecho.core.Connection;
import dev.vecho.core.Receiver;
import dev.vecho.core.Target;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client's side, against consumers that are not ours and do as they like. */
final class EventBusClientTest {

    private final List<String> received = new CopyOnWriteArrayList<>();
    private Vertx vertx;
    private Context context;

    @SuppressWarnings("NullAway.Init") // setUp sets the rest.
    EventBusClientTest() {}

    @BeforeEach
    void setUp() {
        vertx = Vertx.vertx();
        context = vertx.getOrCreateContext();
    }

    @AfterEach
    void tearDown() throws Exception {
        await(vertx.close());
    }

    @Test
    void deliversEchoesInOrderThoughConsumersDiffer() throws Exception {
        for (int delay : new int[] {1, 40, 5}) {
            vertx.eventBus()
                    .<Buffer>consumer("x", message -> vertx.setTimer(delay, now -> message.reply(message.body())));
        }
        List<Future<Void>> sent = new ArrayList<>();
        Connection connection = connect();
        List<String> expected = List.of("a", "b", "c", "d", "e", "f");
        await(on(() -> {
            expected.forEach(text -> sent.add(connection.send(Buffer.buffer(text))));
            return Future.all(sent);
        }));
        assertThat(received).isEqualTo(expected);
        assertThat(connection.details()).isEmpty();
        assertThat(connection.remoteAddress()).isEqualTo("bus://x");
        assertThat(connection.localAddress()).isEqualTo("this process");
    }

    @Test
    void sendsOnceMoreToAnotherConsumerWhereOneIsSilent() throws Exception {
        AtomicInteger silent = new AtomicInteger();
        vertx.eventBus().<Buffer>consumer("x", message -> silent.incrementAndGet());
        vertx.eventBus().<Buffer>consumer("x", message -> message.reply(message.body()));
        Connection connection = connect();
        for (int i = 0; i < 4; i++) {
            String text = "message " + i;
            await(on(() -> connection.send(Buffer.buffer(text))));
        }
        assertThat(silent.get()).isPositive();
        assertThat(received).containsExactly("message 0", "message 1", "message 2", "message 3");
        assertThat(connection.details()).containsEntry("repeatedRequests", Integer.toString(silent.get()));
    }

    @Test
    void takesTheAnswerOfASlowConsumerOnce() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        vertx.eventBus().<Buffer>consumer("x", message -> {
            long delay = asked.getAndIncrement() == 0 ? 1 : 2 * EventBusRequest.FIRST_WAIT_MILLIS;
            vertx.setTimer(delay, now -> message.reply(message.body()));
        });
        Connection connection = connect();
        await(on(() -> connection.send(Buffer.buffer("fast"))));
        await(on(() -> connection.send(Buffer.buffer("slow"))));
        await(on(() -> connection.send(Buffer.buffer("slower"))));
        assertThat(received).containsExactly("fast", "slow", "slower");
        assertThat(asked.get()).isGreaterThan(3);
    }

    @Test
    void saysThatNobodyListens() throws Exception {
        Connection connection = connect();
        TransportException failure = failure(on(() -> connection.send(Buffer.buffer("a"))));
        assertThat(failure.fault()).isEqualTo(Fault.REFUSED);
        assertThat(failure).hasMessage("nobody listens on bus://x");
    }

    @Test
    void bridgesAMomentInWhichNobodySeemsToListen() throws Exception {
        MessageConsumer<Buffer> first = vertx.eventBus().consumer("x", message -> message.reply(message.body()));
        Connection connection = connect();
        await(on(() -> connection.send(Buffer.buffer("before"))));
        await(first.unregister());
        Future<Void> sent = on(() -> {
            Future<Void> sending = connection.send(Buffer.buffer("after"));
            vertx.setTimer(50, now -> vertx.eventBus().<Buffer>consumer("x", message -> message.reply(message.body())));
            return sending;
        });
        await(sent);
        assertThat(received).containsExactly("before", "after");
    }

    @Test
    void saysThatNobodyListensAnyMore() throws Exception {
        MessageConsumer<Buffer> consumer = vertx.eventBus().consumer("x", message -> message.reply(message.body()));
        Connection connection = connect();
        await(on(() -> connection.send(Buffer.buffer("before"))));
        await(consumer.unregister());
        assertThat(failure(on(() -> connection.send(Buffer.buffer("a")))).fault())
                .isEqualTo(Fault.REFUSED);
    }

    @Test
    void tellsWhyAMessageWasRefused() throws Exception {
        vertx.eventBus().<Buffer>consumer("x", message -> message.fail(7, "not today"));
        Connection connection = connect();
        TransportException failure = failure(on(() -> connection.send(Buffer.buffer("a"))));
        assertThat(failure.fault()).isEqualTo(Fault.OTHER);
        assertThat(failure).hasMessage("bus://x refused the message: not today");
    }

    @Test
    void tellsThatTheAnswerIsNoBuffer() throws Exception {
        vertx.eventBus().<Buffer>consumer("x", message -> message.reply("text"));
        Connection connection = connect();
        assertThat(failure(on(() -> connection.send(Buffer.buffer("a")))))
                .hasMessage("bus://x answered a buffer with a String");
    }

    @Test
    void endsWhatIsUnderWayWhenItCloses() throws Exception {
        vertx.eventBus().<Buffer>consumer("x", message -> received.add("asked"));
        Connection connection = connect();
        Future<Void> first = on(() -> connection.send(Buffer.buffer("a")));
        Future<Void> second = on(() -> connection.send(Buffer.buffer("b")));
        await(connection.close());
        assertThat(failure(first)).hasMessage("the connection is closed");
        assertThat(failure(second)).hasMessage("the connection is closed");
        assertThat(failure(on(() -> connection.send(Buffer.buffer("c"))))).hasMessage("the connection is closed");
    }

    @Test
    void hasNoOutputToCloseAndABoundForMessages() throws Exception {
        Connection connection = connect();
        assertThat(failure(on(connection::closeOutput)).fault()).isEqualTo(Fault.OTHER);
        Buffer large = Buffer.buffer(new byte[EventBusConnection.MAX_BYTES + 1]);
        assertThat(failure(on(() -> connection.send(large))))
                .hasMessage("a message must have at most 16777216 bytes, was 16777217");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bus://x:7 | test: bus://x:7: port: has no meaning on the event bus, expected bus://address",
                "bus:///x  | test: bus:///x: address: is missing, expected bus://address"
            })
    void rejectsTargetsThatAreNoAddress(String target, String message) {
        Problems problems = new Problems();
        new EventBusTransport()
                .client(vertx, Target.parse(target), Options.of(new JsonObject(), Source.named("test"), problems));
        assertThat(problemsOf(problems)).containsExactly(message);
    }

    private Connection connect() throws Exception {
        Problems problems = new Problems();
        ClientTransport client = new EventBusTransport()
                .client(vertx, Target.parse("bus://x"), Options.of(new JsonObject(), Source.named("test"), problems));
        problems.throwIfAny();
        return await(on(() -> client.connect(new Receiver() {
            @Override
            public void received(Buffer bytes) {
                received.add(bytes.toString());
            }

            @Override
            public void ended() {
                received.add("ended");
            }

            @Override
            public void failed(TransportException cause) {
                received.add("failed: " + cause);
            }
        })));
    }

    private <T> Future<T> on(Supplier<Future<T>> action) {
        return Future.future(promise -> context.runOnContext(now -> action.get().onComplete(promise)));
    }

    private static TransportException failure(Future<?> future) throws Exception {
        try {
            await(future);
            throw new AssertionError("did not fail");
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(TransportException.class);
            return (TransportException) Objects.requireNonNull(e.getCause());
        }
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
