package dev.vecho.transport.http;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Faults.Carried;
import dev.vecho.core.Services;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.config.Bounds;
import dev.vecho.core.config.Options;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.listen.ConnectionLimits;
import dev.vecho.net.listen.SocketOptions;
import dev.vecho.net.tls.TlsServer;
import dev.vecho.net.tls.WrongCertificates;
import dev.vecho.transport.quic.QuicListenerOptions;
import dev.vecho.transport.quic.QuicTransport;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The options of one HTTP listener.
 *
 * @param address keys {@code host}, default {@code localhost}, and {@code port}, default 7080
 * @param socket keys as of {@link SocketOptions}
 * @param limits an idle connection is one on which no byte moved either way; it is kept by default
 * @param space for what clients send and do not read back; keys as of {@link RequestBufferOptions}
 * @param maxHeaderBytes how long a request's first line may be, and all of its headers together; default 16,384
 * @param http2 speaks HTTP/2 too, chosen by ALPN or by the client's first bytes; default true
 * @param maxStreams requests at a time on one connection of HTTP/2 or HTTP/3; default 100
 * @param http3 speaks HTTP/3 too, on the same port of UDP; default true where there is TLS that allows for it, and QUIC can
 *     run here
 * @param maxMessageBytes how long a WebSocket message may be, once it is decompressed; default 16,777,216
 * @param compression agrees to permessage-deflate (RFC 7692) where a WebSocket client offers it; default true
 * @param subprotocols WebSocket subprotocols to agree to, the first that the client names and this list has; default none
 * @param cors origins whose pages may read what comes back, or {@link #ANY_ORIGIN} alone; default none
 * @param serverTiming tells how long an answer took from the end of the request on; default false
 * @param tls null for plain HTTP; its {@code alpn} is {@code h2} and {@code http/1.1} unless it says otherwise
 * @param service what answers requests and WebSocket messages; null for the echo
 * @param wrongCertificates null for none; not for HTTP/3
 * @param faults what is done to them on purpose; null for nothing, on a way of its own
 */
record HttpListenerOptions(
        BindAddress address,
        SocketOptions socket,
        ConnectionLimits limits,
        BufferSpace space,
        int maxHeaderBytes,
        boolean http2,
        boolean http3,
        int maxStreams,
        int maxMessageBytes,
        boolean compression,
        List<String> subprotocols,
        Set<String> cors,
        boolean serverTiming,
        @Nullable TlsServer tls,
        @Nullable ConfiguredService service,
        @Nullable WrongCertificates wrongCertificates,
        @Nullable HttpFaults faults) {

    private static final Logger LOG = LoggerFactory.getLogger(HttpListenerOptions.class);

    /** What a client may send on a stream of HTTP/3 before it was read. */
    private static final int QUIC_STREAM_WINDOW = 256 * 1024;

    /** RFC 6454, section 6.2, of the schemes that have hosts. */
    private static final Pattern ORIGIN = Pattern.compile("[a-z][a-z0-9+.-]*://[a-z0-9._\\[\\]:-]+");

    /** The value of {@code cors} that lets in all pages. */
    static final String ANY_ORIGIN = "*";

    private static final String TLS_1_3 = "TLSv1.3";

    /**
     * Reads the options.
     *
     * @param http3 whether HTTP/3 is on unless the options say otherwise
     */
    static HttpListenerOptions read(Vertx vertx, Options options, boolean http3) {
        BindAddress address = BindAddress.read(options, 7080);
        boolean http2 = options.flag("http2", true);
        List<String> alpn = http2 ? List.of("h2", "http/1.1") : List.of("http/1.1");
        ConnectionLimits limits = ConnectionLimits.read(options);
        boolean quic = readHttp3(options, http3);
        TlsServer tls = options.has("tls") ? TlsServer.read(options.object("tls"), address.host(), alpn) : null;
        if (quic && tls != null) {
            quic = canServeHttp3(options, tls);
        }
        if (!options.has("http3")) {
            // What it comes to where nobody has said it.
            quic = options.flag("http3", quic);
        }
        ConfiguredService service = Services.withFaults(
                vertx, options, Set.of(Carried.REQUESTS), Services.read(vertx, options, Framing.MESSAGES));
        HttpFaults faults = HttpFaults.of(vertx, service);
        if (faults != null) {
            service = faults.requests().isEcho() ? null : faults.requests().service();
        }
        HttpListenerOptions read = new HttpListenerOptions(
                address,
                new SocketOptions(
                        SocketOptions.readBacklog(options), SocketOptions.readReusePort(vertx, options), true, true),
                limits,
                new BufferSpace(RequestBufferOptions.read(options)),
                options.integer("maxHeaderBytes", 16 * 1024, 256, 1 << 20),
                http2,
                quic,
                options.integer("maxStreams", 100, 1, Bounds.MAX_COUNT),
                options.integer("maxMessageBytes", 16 * 1024 * 1024, 1, Integer.MAX_VALUE),
                options.flag("compression", true),
                List.copyOf(WebSocketClientOptions.readSubprotocols(options)),
                readCors(options),
                options.flag("serverTiming", false),
                tls,
                service,
                faults == null ? null : WrongCertificates.of(faults.service().certificates(), tls, options),
                faults);
        options.rejectUnknownKeys();
        return read;
    }

    /** Exact origins, as browsers write them, or all of them: there is no pattern, so that none lets in more than was meant. */
    private static Set<String> readCors(Options options) {
        List<String> origins = options.texts("cors");
        for (String origin : origins) {
            if (!origin.equals(ANY_ORIGIN) && !ORIGIN.matcher(origin).matches()) {
                options.problem(
                        "cors",
                        "must be origins such as https://example.org or http://localhost:7070, in small letters and "
                                + "without a path, or * for any, was \"" + origin + "\"");
            }
        }
        if (origins.size() > 1 && origins.contains(ANY_ORIGIN)) {
            options.problem("cors", "must be * alone, or origins");
        }
        return Set.copyOf(origins);
    }

    /** Where it was not asked for, it is on only if nothing stands against it. */
    private static boolean readHttp3(Options options, boolean otherwise) {
        boolean asked = options.has("http3");
        if (!options.flag("http3", otherwise)) {
            return false;
        }
        if (!options.has("tls")) {
            if (asked) {
                options.problem("http3", "needs tls: HTTP/3 is always encrypted");
            }
            return false;
        }
        Options tls = options.object("tls");
        boolean versionOff = tls.has("protocols") && !tls.texts("protocols").contains(TLS_1_3);
        if (versionOff && asked) {
            tls.problem("protocols", "must have " + TLS_1_3 + ", for HTTP/3 has no other");
        }
        // Who names the protocols wants these, on TCP; who asks for HTTP/3 too wants it beside them.
        if (versionOff || (tls.has("alpn") && !asked)) {
            return false;
        }
        Optional<String> unavailable = QuicTransport.unavailable();
        if (unavailable.isPresent() && asked) {
            options.problem("http3", "cannot run here: " + unavailable.get());
        } else if (unavailable.isPresent()) {
            LOG.info("HTTP/3 is off: {}", unavailable.get());
        }
        return unavailable.isEmpty();
    }

    /** QUIC's own TLS signs with fewer kinds of keys than the engines of the other versions together. */
    private static boolean canServeHttp3(Options options, TlsServer tls) {
        boolean asked = options.has("http3");
        boolean can = tls.isForBoringSsl(asked ? "must have a key of RSA or EC for HTTP/3" : null);
        if (!can && !asked) {
            LOG.info("HTTP/3 is off: QUIC's own TLS signs with keys of RSA or EC only");
        }
        return can;
    }

    /** What a listener has after these that takes over others of the same address. */
    HttpListenerOptions then(HttpListenerOptions next) {
        space.change(next.space.options());
        Services.replace(withFaults(), next.withFaults());
        TlsServer kept = TlsServer.keep(tls, next.tls);
        return new HttpListenerOptions(
                address,
                next.socket,
                next.limits,
                // It knows what the requests hold that are under way.
                space,
                next.maxHeaderBytes,
                next.http2,
                next.http3,
                next.maxStreams,
                next.maxMessageBytes,
                next.compression,
                next.subprotocols,
                next.cors,
                next.serverTiming,
                kept,
                next.service,
                WrongCertificates.keep(wrongCertificates, next.wrongCertificates, kept),
                next.faults);
    }

    /** Whether connections of TCP are accepted at all. */
    boolean accepts() {
        return faults == null || faults.service().accepts();
    }

    private @Nullable ConfiguredService withFaults() {
        return faults == null ? service : faults.service();
    }

    /** The same for QUIC, on a port of UDP. */
    QuicListenerOptions quic(int udpPort) {
        return new QuicListenerOptions(
                new BindAddress(address.host(), udpPort),
                limits.idle().isZero() ? limits.withIdle(QuicListenerOptions.IDLE) : limits,
                maxStreams,
                QUIC_STREAM_WINDOW,
                QuicListenerOptions.UNLIMITED,
                false,
                true,
                tls);
    }
}
