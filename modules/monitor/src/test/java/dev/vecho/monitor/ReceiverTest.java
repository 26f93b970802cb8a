package dev.vecho.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Ports;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Telling a receiver, against real HTTP servers, good ones and bad ones. */
@Timeout(180)
class ReceiverTest {

    private static final Pace QUICK = new Pace(
            Duration.ofMillis(5),
            Duration.ofMillis(10),
            Duration.ofMillis(20),
            Duration.ofMillis(50),
            Duration.ofSeconds(20));

    @TempDir
    Path directory;

    private Vertx vertx;
    private Context context;
    private Queue<JsonArray> bodies;
    private Queue<HttpServerRequest> requests;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        context = vertx.getOrCreateContext();
        bodies = new ConcurrentLinkedQueue<>();
        requests = new ConcurrentLinkedQueue<>();
    }

    @AfterEach
    void stop() {
        vertx.close().await();
    }

    private <T> T on(Supplier<T> task) {
        return Future.<T>future(promise -> context.runOnContext(now -> {
                    try {
                        promise.complete(task.get());
                    } catch (RuntimeException | Error e) {
                        promise.fail(e);
                    }
                }))
                .await();
    }

    private static void until(BooleanSupplier done) {
        for (long end = System.nanoTime() + Duration.ofSeconds(40).toNanos(); !done.getAsBoolean(); ) {
            assertThat(System.nanoTime()).as("time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /** One that takes what it is told, and answers as it is told here. */
    private HttpServer server(HttpServerOptions options, Consumer<HttpServerRequest> answer) {
        return vertx.createHttpServer(options.setHost("127.0.0.1").setPort(0))
                .requestHandler(request -> request.body().onSuccess(body -> {
                    requests.add(request);
                    bodies.add(body.toJsonArray());
                    answer.accept(request);
                }))
                .listen()
                .await();
    }

    private HttpServer server(int... statuses) {
        Queue<Integer> left = new ConcurrentLinkedQueue<>();
        for (int status : statuses) {
            left.add(status);
        }
        return server(
                new HttpServerOptions(),
                request -> request.response()
                        .setStatusCode(Objects.requireNonNullElse(left.poll(), 200))
                        .end("whatever"));
    }

    private static String url(HttpServer server) {
        return "http://127.0.0.1:" + server.actualPort();
    }

    private static JsonObject at(String url) {
        return new JsonObject().put("url", url).put("holdMillis", 0);
    }

    private List<String> problems(JsonObject json) {
        Problems problems = new Problems();
        ReceiverOptions.read(
                new Options(new JsonObject().put("one", json), path -> new Source("test", directory, false), problems),
                "one");
        return problems.messages();
    }

    private ReceiverOptions read(JsonObject json) {
        Problems problems = new Problems();
        ReceiverOptions options = ReceiverOptions.read(
                new Options(new JsonObject().put("one", json), path -> new Source("test", directory, false), problems),
                "one");
        problems.throwIfAny();
        return Objects.requireNonNull(options);
    }

    private Receiver receiver(JsonObject json) {
        ReceiverOptions options = read(json);
        return on(() -> new Receiver(vertx, options, QUICK));
    }

    private static StateChange change(String name, State from, State to, @Nullable FailureKind word) {
        Instant at = Instant.now();
        return new StateChange(
                name,
                "tcp://target",
                from,
                to,
                at,
                at,
                word == null ? null : Diagnosis.of(word, "the sentence"),
                Map.of("team", "net"));
    }

    private void fails(Receiver receiver, String name, FailureKind word) {
        on(() -> {
            receiver.changed(name, change(name, State.OK, State.FAILING, word));
            return true;
        });
    }

    private void heals(Receiver receiver, String name) {
        on(() -> {
            receiver.changed(name, change(name, State.FAILING, State.OK, null));
            return true;
        });
    }

    private void until(Receiver receiver, long delivered) {
        until(() -> receiver.counts().delivered() == delivered);
    }

    private List<JsonObject> told() {
        List<JsonObject> all = new ArrayList<>();
        bodies.forEach(body -> body.forEach(each -> all.add((JsonObject) each)));
        return all;
    }

    @Test
    void tellsChangesAsJson() {
        Receiver receiver = receiver(at(url(server()) + "/hook?x=1").put("token", "secret"));
        heals(receiver, "a");
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);
        heals(receiver, "a");
        until(receiver, 2);
        assertThat(told()).extracting(each -> each.getString("to")).containsExactly("failing", "ok");
        assertThat(told().get(0).getJsonObject("diagnosis").getString("word")).isEqualTo("refused");
        assertThat(told().get(0).getJsonObject("labels").getString("team")).isEqualTo("net");
        HttpServerRequest request = requests.element();
        assertThat(request.method() + " " + request.uri()).isEqualTo("POST /hook?x=1");
        assertThat(request.getHeader("Authorization")).isEqualTo("Bearer secret");
        assertThat(request.getHeader("Content-Type")).isEqualTo("application/json");
    }

    @Test
    void tellsAlertsAndTellsThemAgainUntilTheyEnd() {
        Receiver receiver = receiver(at(url(server()).replace("://", "://user:pass@") + "/prefix/")
                .put("format", "alertmanager")
                .put("repeatMillis", 1000)
                .put("page", "https://page/"));
        fails(receiver, "a", FailureKind.REFUSED);
        until(() -> bodies.size() >= 2);
        JsonObject first = told().get(0);
        JsonObject again = told().get(1);
        assertThat(requests.element().uri()).isEqualTo("/prefix/api/v2/alerts");
        assertThat(requests.element().getHeader("Authorization")).isEqualTo("Basic dXNlcjpwYXNz");
        assertThat(first.getJsonObject("labels"))
                .isEqualTo(new JsonObject()
                        .put("alertname", "VechoCheckFailing")
                        .put("check", "a")
                        .put("case", "tcp://target")
                        .put("word", "refused")
                        .put("team", "net"));
        assertThat(first.getJsonObject("annotations"))
                .isEqualTo(new JsonObject()
                        .put("summary", "a: tcp://target: refused")
                        .put("description", "the sentence"));
        assertThat(first.getString("generatorURL")).isEqualTo("https://page/");
        assertThat(Instant.parse(first.getString("endsAt"))).isAfter(Instant.now());
        assertThat(again.getString("startsAt")).isEqualTo(first.getString("startsAt"));
        // It is the same alert, with whatever word it goes on.
        fails(receiver, "a", FailureKind.SILENT);
        heals(receiver, "a");
        until(receiver, 2);
        JsonObject last = told().get(told().size() - 1);
        assertThat(last.getJsonObject("labels")).isEqualTo(first.getJsonObject("labels"));
        assertThat(last.getString("startsAt")).isEqualTo(first.getString("startsAt"));
        assertThat(Instant.parse(last.getString("endsAt"))).isBeforeOrEqualTo(Instant.now());
    }

    /** However often a case changes: what is newest when the time is over, and nothing where that is known. */
    @Test
    void holdsBackACaseThatFlaps() {
        Receiver receiver = receiver(at(url(server())).put("holdMillis", 1000));
        StateChange failing = change("a", State.OK, State.FAILING, FailureKind.CLOSED);
        StateChange ok = change("a", State.FAILING, State.OK, null);
        long begin = System.nanoTime();
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);
        on(() -> {
            for (int i = 0; i < 500; i++) {
                receiver.changed("a", ok);
                receiver.changed("a", failing);
            }
            receiver.changed("a", ok);
            return true;
        });
        fails(receiver, "other", FailureKind.REFUSED);
        until(receiver, 3);
        assertThat(System.nanoTime() - begin)
                .isGreaterThan(Duration.ofSeconds(1).toNanos());
        assertThat(told())
                .extracting(each -> each.getString("check") + " " + each.getString("to"))
                .containsExactly("a failing", "other failing", "a ok");
        // It fails and heals while it is held: nothing is new, and it is forgotten.
        on(() -> {
            receiver.changed("a", failing);
            receiver.changed("a", ok);
            return true;
        });
        until(() -> on(() -> receiver.known("a")) == null);
        assertThat(bodies).hasSize(3);
    }

    @Test
    void sendsTogetherWhatHappensTogether() {
        // As long as the task below may take on a busy machine: what it begins, one gathering holds.
        Pace patient =
                new Pace(Duration.ofSeconds(1), QUICK.firstPause(), QUICK.longestPause(), QUICK.look(), QUICK.stop());
        ReceiverOptions options = read(at(url(server())));
        Receiver receiver = on(() -> new Receiver(vertx, options, patient));
        on(() -> {
            for (int i = 0; i < 250; i++) {
                receiver.changed("c" + i, change("c" + i, State.OK, State.FAILING, FailureKind.REFUSED));
            }
            return true;
        });
        until(receiver, 250);
        assertThat(bodies).hasSize(3).allSatisfy(body -> assertThat(body.size()).isLessThanOrEqualTo(100));
        assertThat(told()).extracting(each -> each.getString("check")).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 503, 429, 408})
    void triesAgainWhatMayPass(int status) {
        Receiver receiver = receiver(at(url(server(status, status))));
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);
        until(() -> receiver.counts().equals(new ReceiverCounts("one", 1, 0, 2, 0)));
    }

    /** A redirect would take the token elsewhere; what is refused stays so. */
    @ParameterizedTest
    @CsvSource({"400, 1", "401, 1", "404, 1", "301, 1", "307, 1", "308, 1", "500, 3"})
    void givesUp(int status, int requestsMade) {
        HttpServer elsewhere = server();
        HttpServer bad = server(
                new HttpServerOptions(),
                request -> request.response()
                        .setStatusCode(status)
                        .putHeader("Location", url(elsewhere))
                        .end());
        Receiver receiver = receiver(at(url(bad)).put("attempts", 3));
        fails(receiver, "a", FailureKind.REFUSED);
        until(() -> receiver.counts().dropped() == 1);
        assertThat(bodies).hasSize(requestsMade);
        until(() -> receiver.counts().equals(new ReceiverCounts("one", 0, 1, requestsMade, 0)));
        // It has not heard of it, so its end is no news.
        heals(receiver, "a");
        until(() -> on(() -> receiver.known("a")) == null);
        assertThat(bodies).hasSize(requestsMade);
    }

    @Test
    void tellsTheNewestOnceAReceiverIsBack() throws Exception {
        int port = Ports.free();
        Receiver receiver = receiver(at("http://127.0.0.1:" + port).put("attempts", 1000));
        fails(receiver, "a", FailureKind.REFUSED);
        fails(receiver, "b", FailureKind.REFUSED);
        until(() -> receiver.counts().failedRequests() > 2);
        heals(receiver, "a");
        fails(receiver, "b", FailureKind.SILENT);
        vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    bodies.add(body.toJsonArray());
                    request.response().end();
                }))
                .listen(port, "127.0.0.1")
                .await();
        until(receiver, 1);
        assertThat(told())
                .extracting(each -> each.getString("check")
                        + each.getJsonObject("diagnosis").getString("word"))
                .containsExactly("bsilent");
    }

    private NetServer raw(Consumer<NetSocket> handler) {
        return vertx.createNetServer()
                .connectHandler(handler::accept)
                .listen(0, "127.0.0.1")
                .await();
    }

    private static void flood(NetSocket socket) {
        String part = "x".repeat(8192);
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n");
        socket.drainHandler(more -> flood(socket, part));
        flood(socket, part);
    }

    private static void flood(NetSocket socket, String part) {
        while (!socket.writeQueueFull()) {
            socket.write(part);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"silent", "garbage", "closes", "slow head"})
    void survivesABadReceiver(String kind) {
        Queue<NetSocket> open = new ConcurrentLinkedQueue<>();
        NetServer bad = raw(socket -> {
            open.add(socket);
            socket.closeHandler(closed -> open.remove(socket));
            socket.exceptionHandler(failure -> socket.close());
            switch (kind) {
                case "garbage" -> socket.write("\0\1\2 what?\r\n\r\n");
                case "closes" -> socket.close();
                case "slow head" ->
                    vertx.setPeriodic(10, time -> {
                        if (open.contains(socket)) {
                            socket.write("H");
                        }
                    });
                default -> socket.handler(ignored -> {});
            }
        });
        Receiver receiver = receiver(at("http://127.0.0.1:" + bad.actualPort())
                .put("timeoutMillis", 200)
                .put("attempts", 2));
        fails(receiver, "a", FailureKind.REFUSED);
        until(() -> receiver.counts().dropped() == 1);
        assertThat(receiver.counts().failedRequests()).isEqualTo(2);
        until(open::isEmpty);
    }

    /** What comes after the head of an answer says nothing, however much it is. */
    @Test
    void readsLittleOfAnAnswer() {
        Queue<NetSocket> open = new ConcurrentLinkedQueue<>();
        NetServer endless = raw(socket -> {
            open.add(socket);
            socket.closeHandler(closed -> open.remove(socket));
            socket.exceptionHandler(failure -> socket.close());
            socket.handler(request -> flood(socket));
        });
        Receiver receiver = receiver(at("http://127.0.0.1:" + endless.actualPort()));
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);
        until(open::isEmpty);
    }

    /** What is queued is sent, whatever it was to wait for; a receiver that does not answer is waited for, but not for ever. */
    @Test
    void tellsWhatIsQueuedWhenItStops() {
        Receiver receiver = receiver(at(url(server())).put("holdMillis", 1_000_000));
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);
        heals(receiver, "a");
        on(() -> receiver.close()).await();
        assertThat(told()).extracting(each -> each.getString("to")).containsExactly("failing", "ok");
    }

    @Test
    void stopsThoughAReceiverDoesNotAnswer() {
        NetServer silent = raw(socket -> socket.handler(ignored -> {}));
        ReceiverOptions options = read(at("http://127.0.0.1:" + silent.actualPort()));
        Pace short_ = new Pace(
                QUICK.gather(), QUICK.firstPause(), QUICK.longestPause(), QUICK.look(), Duration.ofMillis(100));
        Receiver receiver = on(() -> new Receiver(vertx, options, short_));
        fails(receiver, "a", FailureKind.REFUSED);
        on(() -> receiver.close()).await();
        assertThat(receiver.counts().dropped()).isEqualTo(1);
    }

    @Test
    void remembersABoundedNumberOfCases() {
        NetServer silent = raw(socket -> socket.handler(ignored -> {}));
        Receiver receiver = receiver(at("http://127.0.0.1:" + silent.actualPort()));
        on(() -> {
            for (int i = 0; i < Receiver.MOST + 7; i++) {
                receiver.changed("c" + i, change("c" + i, State.OK, State.FAILING, FailureKind.REFUSED));
            }
            return true;
        });
        assertThat(receiver.counts().dropped()).isEqualTo(7);
    }

    @Test
    void verifiesTheReceiverAndShowsItsOwnCertificate() throws Exception {
        Certificates certificates = new Certificates(directory);
        Certificates.Issued own = certificates.localhost();
        Certificates.Issued client = certificates.client("vecho");
        HttpServer server = server(
                new HttpServerOptions()
                        .setSsl(true)
                        .setClientAuth(ClientAuth.REQUIRED)
                        .setTrustOptions(new PemTrustOptions()
                                .addCertPath(certificates.authority().toString()))
                        .setKeyCertOptions(new PemKeyCertOptions()
                                .addCertPath(own.certificate().toString())
                                .addKeyPath(own.key().toString())),
                request -> request.response().end());
        JsonObject tls = new JsonObject()
                .put("trust", certificates.authority().toString())
                .put("certificate", client.certificate().toString())
                .put("key", client.key().toString());
        String url = "https://localhost:" + server.actualPort();
        Receiver receiver = receiver(at(url).put("tls", tls));
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);

        JsonObject untrusting = tls.copy();
        untrusting.remove("trust");
        JsonObject unknown = tls.copy();
        unknown.remove("certificate");
        unknown.remove("key");
        for (JsonObject wrong : List.of(untrusting, unknown)) {
            Receiver other = receiver(at(url).put("tls", wrong).put("attempts", 1));
            fails(other, "a", FailureKind.REFUSED);
            until(() -> other.counts().dropped() == 1);
        }
        assertThat(bodies).hasSize(1);
        Receiver insecure = receiver(at(url.replace("localhost", "127.0.0.1"))
                .put("tls", untrusting.copy().put("insecure", true)));
        fails(insecure, "a", FailureKind.REFUSED);
        until(insecure, 1);
    }

    /** Another address has not been told anything yet; with other options of the same, nothing is told twice. */
    @Test
    void takesOtherOptions() throws Exception {
        HttpServer first = server();
        HttpServer second = server();
        Receiver receiver = receiver(at(url(first)));
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);
        Path token = Files.writeString(directory.resolve("token"), "next\n");
        ReceiverOptions authorized = read(at(url(first)).put("tokenFile", token.toString()));
        on(() -> {
            receiver.adopt(authorized);
            return true;
        });
        fails(receiver, "b", FailureKind.REFUSED);
        until(receiver, 2);
        assertThat(told()).extracting(each -> each.getString("check")).containsExactly("a", "b");
        assertThat(List.copyOf(requests).get(1).getHeader("Authorization")).isEqualTo("Bearer next");
        ReceiverOptions moved = read(at(url(second)));
        on(() -> {
            receiver.adopt(moved);
            return true;
        });
        until(receiver, 4);
    }

    @Test
    void reachesAnAddressOfIpv6() {
        HttpServer server = vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    bodies.add(body.toJsonArray());
                    request.response().end();
                }))
                .listen(0, "::1")
                .await();
        Receiver receiver = receiver(at("http://[::1]:" + server.actualPort()));
        fails(receiver, "a", FailureKind.REFUSED);
        until(receiver, 1);
    }

    @Test
    void refusesWhatIsWrongWithoutShowingASecret() throws Exception {
        Files.writeString(directory.resolve("url"), "ftp://user:hidden@host/\n");
        assertThat(problems(new JsonObject())).containsExactly("test: one.url: is missing: give url or urlFile");
        List<String> all = new ArrayList<>();
        for (JsonObject wrong : List.of(
                at("ftp://user:hidden@host/"),
                at("hidden host?hidden"),
                at("http://user:hidden@host/").put("token", "hidden"),
                new JsonObject().put("urlFile", "url"),
                at("http://host").put("urlFile", "url"),
                at("http://host").put("token", "hidden token"),
                at("http://host").put("tls", new JsonObject()),
                at("https://host").put("tls", new JsonObject().put("serverName", "x")),
                at("http://host#part"),
                at("http://host").put("format", "slack"),
                at("http://host").put("attempts", 0))) {
            List<String> problems = problems(wrong);
            assertThat(problems).as(wrong.encode()).isNotEmpty();
            all.addAll(problems);
        }
        assertThat(all).noneMatch(problem -> problem.contains("hidden"));
        assertThat(Collections.max(all.stream().map(String::length).toList())).isLessThan(200);
    }
}
