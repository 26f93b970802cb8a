package dev.vecho.transport.tcp;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Services;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.config.Options;
import dev.vecho.net.listen.ConnectionLimits;
import dev.vecho.net.tls.TlsServer;
import dev.vecho.net.tls.WrongCertificates;
import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/**
 * The options of the connections that a listener accepts.
 *
 * @param limits an idle connection is one on which no byte moved either way; it is kept by default
 * @param proxyProtocol expects a PROXY header, version 1 or 2, before all else; default false
 * @param tls null for none
 * @param service null for the echo
 * @param wrongCertificates null for none
 */
record ConnectionOptions(
        ConnectionLimits limits,
        boolean proxyProtocol,
        @Nullable TlsServer tls,
        @Nullable ConfiguredService service,
        @Nullable WrongCertificates wrongCertificates) {

    /** Reads them; the host is for a self-signed certificate. */
    static ConnectionOptions read(Vertx vertx, Options options, String host) {
        ConnectionLimits limits = ConnectionLimits.read(options);
        boolean proxyProtocol = options.flag("proxyProtocol", false);
        ConfiguredService service = Services.readWithFaults(vertx, options, Framing.STREAM);
        TlsServer tls = null;
        if (options.has("tls")) {
            Options own = options.object("tls");
            tls = service == null ? TlsServer.read(own, host) : TlsServer.readForHalfCloses(own, host);
        }
        WrongCertificates wrong = service == null ? null : WrongCertificates.of(service.certificates(), tls, options);
        return new ConnectionOptions(limits, proxyProtocol, tls, service, wrong);
    }

    /** Whether connections are accepted at all. */
    boolean accepts() {
        return service == null || service.accepts();
    }

    /** What a listener has after these that takes over others. */
    ConnectionOptions then(ConnectionOptions next) {
        Services.replace(service, next.service);
        TlsServer kept = TlsServer.keep(tls, next.tls);
        return new ConnectionOptions(
                next.limits,
                next.proxyProtocol,
                kept,
                next.service,
                WrongCertificates.keep(wrongCertificates, next.wrongCertificates, kept));
    }
}
