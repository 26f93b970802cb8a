package dev.vecho.transport.quic;

import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.TlsServer;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.util.Mapping;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** What the handshakes of a server are made with, by the name that the client asks for. They may change; any thread. */
final class ServerContexts implements Mapping<String, QuicSslContext> {

    private static final String[] NONE = {};

    private volatile @Nullable Mapping<String, QuicSslContext> byName;

    /** From now on handshakes are made with these. */
    void change(TlsServer tls, List<String> alpn) {
        List<Identity> identities = tls.identities();
        List<QuicSslContext> made =
                identities.stream().map(each -> context(tls, each, alpn)).toList();
        byName = TlsServer.byName(identities, made, made.get(0));
    }

    private static QuicSslContext context(TlsServer tls, Identity identity, List<String> alpn) {
        return QuicSslContextBuilder.forServer(
                        identity.key(), null, identity.chain().toArray(X509Certificate[]::new))
                .clientAuth(tls.clientAuth())
                .trustManager(tls.trust())
                .applicationProtocols(alpn.toArray(String[]::new))
                .build();
    }

    /** What a codec begins each handshake with, until the name is known. */
    QuicSslContext chooser(ClientAuth clientAuth) {
        return QuicSslContextBuilder.forServer(new NoKeys(), null)
                .clientAuth(clientAuth)
                .sni(this)
                .build();
    }

    /** No handshake follows. Netty's native code keeps this for ever, so this lets go of what it has. */
    void forget() {
        byName = null;
    }

    /**
     * Called by the native code.
     *
     * @param name null where the client has named nobody
     */
    @Override
    public @Nullable QuicSslContext map(@Nullable String name) {
        Mapping<String, QuicSslContext> now = byName;
        return now == null ? null : now.map(name);
    }

    /** It must have a key manager, which is never asked. */
    private static final class NoKeys extends X509ExtendedKeyManager {

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return NONE;
        }

        @Override
        public @Nullable String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return NONE;
        }

        @Override
        public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return new X509Certificate[0];
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            return null;
        }
    }
}
