package dev.vecho.management;

import dev.vecho.management.Route.Call;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes requests, lets in those who may, and answers by the routes. Used on the listener's event loop only. */
final class Requests implements Handler<HttpServerRequest> {

    private static final Logger LOG = LoggerFactory.getLogger(Requests.class);

    /** Few requests here need a body; one that brings more is refused. */
    static final int MAX_BODY_BYTES = 64 * 1024;

    private static final long MAX_DISCARDED_BYTES = 1 << 20;

    private static final Pattern SHORT = Pattern.compile("[0-9]{1,9}");

    /** How long a client whose body was refused may take to notice. */
    private static final long LINGER_MILLIS = 1000;

    private final Vertx vertx;
    private final List<Route> routes;
    private final Supplier<Gate> gate;
    private final Clients clients;

    /** @param gate asked for each request, for a reload may change it */
    Requests(Vertx vertx, List<Route> routes, Supplier<Gate> gate, Clients clients) {
        this.vertx = vertx;
        this.routes = routes;
        this.gate = gate;
        this.clients = clients;
    }

    @Override
    public void handle(HttpServerRequest request) {
        clients.began(request.connection());
        request.exceptionHandler(failure -> LOG.debug("{}: {}", request.remoteAddress(), failure.toString()));
        if (request.decoderResult().isFailure()) {
            refuse(request, malformed(request.decoderResult().cause()));
            return;
        }
        Optional<Answer> refusal =
                declaresTooMuch(request) ? Optional.of(tooLarge()) : gate.get().refusal(request);
        if (refusal.isPresent()) {
            refuse(request, refusal.get());
            return;
        }
        Buffer body = Buffer.buffer();
        request.handler(bytes -> {
            if (body.length() + bytes.length() <= MAX_BODY_BYTES) {
                body.appendBuffer(bytes);
            } else if (!request.response().ended()) {
                refuse(request, tooLarge());
            }
        });
        request.endHandler(end -> {
            if (!request.response().ended()) {
                answer(request, body)
                        .otherwise(failure -> {
                            LOG.error("{} {}: {}", request.method(), request.path(), failure.toString(), failure);
                            return Answer.problem(500, "Vecho itself failed: its log tells more.");
                        })
                        .onSuccess(answer -> send(request, answer));
            }
        });
    }

    private static Answer malformed(Throwable cause) {
        if (cause instanceof TooLongHttpHeaderException) {
            return Answer.problem(431, "The headers are too long.");
        }
        return cause instanceof TooLongHttpLineException
                ? Answer.problem(414, "The first line is too long.")
                : Answer.problem(400, "That is no request of HTTP/1.1.");
    }

    private static boolean declaresTooMuch(HttpServerRequest request) {
        String length = request.getHeader("Content-Length");
        return length != null && !(SHORT.matcher(length).matches() && Integer.parseInt(length) <= MAX_BODY_BYTES);
    }

    private static Answer tooLarge() {
        return Answer.problem(413, "A body may have " + MAX_BODY_BYTES + " bytes.");
    }

    /**
     * Answers at once, and closes the connection when the client has had time to read that, or sends on and on. Meanwhile what comes is
     * discarded: of a request that is paused, Vert.x would not release what has come when the connection is closed.
     */
    private void refuse(HttpServerRequest request, Answer answer) {
        long[] discarded = {0};
        request.handler(bytes -> {
            discarded[0] += bytes.length();
            if (discarded[0] > MAX_DISCARDED_BYTES) {
                request.connection().close();
            }
        });
        send(request, answer.with("Connection", "close"));
        vertx.setTimer(LINGER_MILLIS, over -> request.connection().close());
    }

    private Future<Answer> answer(HttpServerRequest request, Buffer body) {
        boolean trusted = gate.get().trusts(request);
        String path = request.path();
        List<Route> here =
                routes.stream().filter(route -> route.match(path) != null).toList();
        if (!trusted && here.stream().noneMatch(Route::open)) {
            return Future.succeededFuture(Gate.unauthorized(request));
        }
        if (here.isEmpty()) {
            return Future.succeededFuture(Answer.problem(404, "There is no " + path + " here."));
        }
        Optional<Route> wanted =
                here.stream().filter(route -> route.takes(request.method())).findFirst();
        if (wanted.isEmpty()) {
            return Future.succeededFuture(notAllowed(here));
        }
        Map<String, String> parts =
                Optional.ofNullable(wanted.get().match(path)).orElse(Map.of());
        return Future.future(promise -> wanted.get()
                .handler()
                .apply(new Call(request.headers(), request.params(), parts, body, trusted))
                .onComplete(promise));
    }

    private static Answer notAllowed(List<Route> here) {
        TreeSet<String> methods =
                here.stream().map(route -> route.method().name()).collect(Collectors.toCollection(TreeSet::new));
        if (methods.contains(HttpMethod.GET.name())) {
            methods.add(HttpMethod.HEAD.name());
        }
        String allowed = String.join(", ", methods);
        return Answer.problem(405, "Here one may " + allowed + ".").with("Allow", allowed);
    }

    private void send(HttpServerRequest request, Answer answer) {
        HttpServerResponse response = request.response();
        if (response.closed() || response.ended()) {
            return;
        }
        response.setStatusCode(answer.status());
        // What is told here changes, and is nobody else's business.
        response.putHeader("Cache-Control", "no-store");
        response.putHeader("X-Content-Type-Options", "nosniff");
        answer.headers().forEach(response::putHeader);
        if (answer.type().isEmpty()) {
            response.end().onComplete(sent -> clients.ended(request.connection()));
            return;
        }
        response.putHeader("Content-Type", answer.type());
        if (answer.stream() != null) {
            stream(request, answer.stream());
            return;
        }
        response.putHeader("Content-Length", Integer.toString(answer.body().length()));
        Future<Void> sending = request.method().equals(HttpMethod.HEAD) ? response.end() : response.end(answer.body());
        sending.onComplete(sent -> clients.ended(request.connection()));
    }

    private void stream(HttpServerRequest request, Consumer<HttpServerResponse> stream) {
        HttpServerResponse response = request.response();
        if (request.method().equals(HttpMethod.HEAD)) {
            response.end().onComplete(sent -> clients.ended(request.connection()));
            return;
        }
        response.endHandler(over -> clients.ended(request.connection()));
        response.setChunked(true);
        stream.accept(response);
    }
}
