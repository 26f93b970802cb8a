package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/** One stream of HTTP/2 by Vert.x, which is read only as far as somebody reads. */
final class Http2Client implements EchoClient {

    private static final int CODE = 8;

    private final HttpClientRequest request;
    private final CompletableFuture<HttpClientResponse> response = new CompletableFuture<>();
    private final QueuedInput input = new QueuedInput(this::fetch);

    private Http2Client(HttpClientRequest request) {
        this.request = request;
        request.setChunked(true);
        request.exceptionHandler(failure -> input.failed(failure.toString()));
        request.response().onSuccess(this::listen).onFailure(failure -> input.failed(failure.toString()));
    }

    private void listen(HttpClientResponse its) {
        its.pause();
        its.handler(bytes -> input.came(bytes.getBytes()));
        its.endHandler(end -> input.ended());
        its.exceptionHandler(failure -> input.failed(failure.toString()));
        if (its.statusCode() != 200 || its.version() != HttpVersion.HTTP_2) {
            input.failed("answered " + its.statusCode() + " by " + its.version());
        }
        response.complete(its);
    }

    private void fetch() {
        moot(Future.fromCompletionStage(response).map(its -> its.fetch(1)));
    }

    /** A client whose streams share one connection; the caller closes it. */
    static HttpClientAgent client(Vertx vertx) {
        return vertx.createHttpClient(new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setSsl(true)
                .setUseAlpn(true)
                .setTrustAll(true)
                .setVerifyHost(false)
                .setHttp2MultiplexingLimit(100));
    }

    /** Begins a request. */
    static Http2Client request(HttpClientAgent client, InetSocketAddress address) throws IOException {
        Http2Client opened = Blocking.get(client.request(new RequestOptions()
                        .setMethod(HttpMethod.POST)
                        .setHost(address.getAddress().getHostAddress())
                        .setPort(address.getPort())
                        .setURI("/torture"))
                .map(Http2Client::new));
        Blocking.get(opened.request.writeHead());
        return opened;
    }

    @Override
    public OutputStream out() {
        return Blocking.output(request::write);
    }

    @Override
    public InputStream in() {
        return input;
    }

    @Override
    public void closeOutput() throws IOException {
        Blocking.get(request.end());
    }

    @Override
    public void reset() {
        input.failed("we have reset it");
        moot(request.reset(CODE));
    }

    /** Its connection is closed with the client. */
    @Override
    public void close() {
        reset();
    }

    private static void moot(Future<?> future) {
        future.onFailure(failure -> System.getLogger(Http2Client.class.getName())
                .log(System.Logger.Level.DEBUG, "it was closed already", failure));
    }
}
