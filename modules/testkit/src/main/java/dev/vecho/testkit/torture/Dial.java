package dev.vecho.testkit.torture;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;

/**
 * Where clients connect to.
 *
 * @param host an address
 * @param tls trusts the service's certificate
 */
record Dial(Service service, String host, SSLContext tls) {

    /** The address of a listener on IP. */
    InetSocketAddress address(String listener) {
        return new InetSocketAddress(host, service.port(listener));
    }

    /** The socket of a listener that has a file. */
    Path path(String listener) {
        return Path.of("/" + service.address(listener).replaceFirst("^/+", ""));
    }

    /** A URI of a listener. */
    String uri(String scheme, String listener) {
        return scheme + "://" + host + ":" + service.port(listener);
    }
}
