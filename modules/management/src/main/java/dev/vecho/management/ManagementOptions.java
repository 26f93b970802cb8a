package dev.vecho.management;

import dev.vecho.core.config.Hosts;
import dev.vecho.core.config.Options;
import dev.vecho.net.listen.BindAddress;
import dev.vecho.net.tls.TlsServer;
import io.netty.handler.ssl.ClientAuth;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The options of the management listener.
 *
 * @param address keys {@code host}, default localhost, and {@code port}, default 7070
 * @param tls null for none
 * @param token what clients have to show, key {@code token} or {@code tokenFile}; null for nothing
 * @param minClusterMembers how many members the cluster must have for the service to be ready, key of the same name, default 1
 * @param loopback whether only this machine reaches the host
 */
record ManagementOptions(
        BindAddress address,
        @Nullable TlsServer tls,
        @Nullable BearerToken token,
        int minClusterMembers,
        boolean loopback) {

    static final int DEFAULT_PORT = 7070;

    private static final int MOST_MEMBERS = 10_000;

    /** What has no meaning where Vert.x makes the engine, for HTTP/1.1 alone. */
    private static final List<String> NOT_OF_TLS = List.of("engine", "keyExchangeGroups", "alpn");

    /** Reads them. Blocks: it reads files and resolves the host. */
    static ManagementOptions read(Options options) {
        int before = options.problemCount();
        BindAddress address = BindAddress.read(options, DEFAULT_PORT);
        TlsServer tls = null;
        if (options.has("tls")) {
            Options own = options.object("tls");
            NOT_OF_TLS.forEach(key -> own.refuse(key, "has no meaning here: it is HTTP/1.1 on the JDK's TLS"));
            tls = TlsServer.read(own, address.host());
        }
        BearerToken token = BearerToken.read(options);
        int members = options.integer("minClusterMembers", 1, 1, MOST_MEMBERS);
        options.rejectUnknownKeys();
        boolean loopback = isLoopback(address.host());
        boolean certificates = tls != null && tls.clientAuth() == ClientAuth.REQUIRE;
        if (options.problemCount() == before && !loopback && token == null && !certificates) {
            options.problem(
                    "host",
                    "must be loopback, was \"" + address.host()
                            + "\"; anywhere else give token, tokenFile, or tls with \"clientAuth\": \"required\"");
        }
        return new ManagementOptions(address, tls, token, members, loopback);
    }

    private static boolean isLoopback(String host) {
        try {
            return Hosts.isLocalhost(host) || Stream.of(Hosts.resolve(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException | SocketException e) {
            // It cannot be listened on, which is told when that is tried.
            return false;
        }
    }
}
