package dev.vecho.monitor;

import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.TlsClient;
import dev.vecho.net.tls.VertxTls;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http1ClientConfig;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientConfig;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Posts JSON to a receiver, on a connection for each request. Whatever the receiver does, a request ends within its time, with a bounded
 * part of the answer read. Redirects are not followed: they would take the token elsewhere. Used on one event loop.
 */
final class Webhook {

    private static final int MAX_ANSWER_BYTES = 64 * 1024;

    private final Vertx vertx;
    private final ReceiverOptions options;
    private final HttpClient client;

    Webhook(Vertx vertx, ReceiverOptions options) {
        this.vertx = vertx;
        this.options = options;
        HttpClientConfig config = new HttpClientConfig()
                .setVersions(HttpVersion.HTTP_1_1)
                .setHttp1Config(new Http1ClientConfig().setKeepAlive(false))
                .setConnectTimeout(options.timeout());
        TlsClient tls = options.tls();
        this.client = tls == null
                ? vertx.createHttpClient(config)
                : vertx.createHttpClient(config.setSsl(true).setVerifyHost(tls.verifiesName()), tls(tls));
    }

    private static ClientSSLOptions tls(TlsClient tls) {
        ClientSSLOptions ssl = new ClientSSLOptions()
                .setTrustOptions(TrustOptions.wrap(tls.trust()))
                .setHostnameVerificationAlgorithm(tls.verifiesName() ? "HTTPS" : "");
        ssl.setEnabledSecureTransportProtocols(new LinkedHashSet<>(tls.protocols()));
        tls.cipherSuites().forEach(ssl::addEnabledCipherSuite);
        Identity identity = tls.identity();
        if (identity != null) {
            ssl.setKeyCertOptions(VertxTls.keys(List.of(identity)));
        }
        return ssl;
    }

    /** Gives the status of the answer; fails with a sentence where there is none in time. */
    Future<Integer> post(Buffer body) {
        Promise<Integer> done = Promise.promise();
        AtomicReference<HttpClientRequest> opened = new AtomicReference<>();
        AtomicReference<Integer> status = new AtomicReference<>();
        long timer = vertx.setTimer(options.timeout().toMillis(), late -> end(done, status.get(), "no answer in time"));
        RequestOptions request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setAbsoluteURI(options.url().toString())
                .setFollowRedirects(false)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        if (options.authorization() != null) {
            request.putHeader(HttpHeaders.AUTHORIZATION, options.authorization());
        }
        client.request(request)
                .compose(ready -> {
                    opened.set(ready);
                    if (done.future().isComplete()) {
                        return Future.failedFuture("given up");
                    }
                    return ready.send(body);
                })
                .onSuccess(response -> {
                    status.set(response.statusCode());
                    read(response, done);
                })
                .onFailure(failure -> end(done, null, sentence(failure)));
        return done.future().onComplete(ended -> {
            vertx.cancelTimer(timer);
            HttpClientRequest used = opened.get();
            if (used != null) {
                // Else what is left of an answer would keep the connection.
                used.reset();
                used.connection().close();
            }
        });
    }

    private static void read(HttpClientResponse response, Promise<Integer> done) {
        int[] bytes = {0};
        response.handler(part -> {
            bytes[0] += part.length();
            if (bytes[0] > MAX_ANSWER_BYTES) {
                done.tryComplete(response.statusCode());
            }
        });
        response.endHandler(end -> done.tryComplete(response.statusCode()));
        response.exceptionHandler(failure -> done.tryComplete(response.statusCode()));
    }

    private static void end(Promise<Integer> done, @Nullable Integer status, String why) {
        if (status == null) {
            done.tryFail(why);
        } else {
            done.tryComplete(status);
        }
    }

    private String sentence(Throwable failure) {
        TlsClient tls = options.tls();
        for (Throwable each = failure; tls != null && each != null; each = each.getCause()) {
            if (each instanceof SSLException) {
                return Objects.requireNonNullElse(tls.failure(each).getMessage(), "TLS failed");
            }
        }
        return Objects.requireNonNullElse(failure.getMessage(), failure.toString());
    }

    /** Gives up what is under way. */
    void close() {
        client.close();
    }
}
