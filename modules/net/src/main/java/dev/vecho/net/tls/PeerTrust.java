package dev.vecho.net.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whom a client trusts, and whom it did not trust and why: of a certificate that was refused the engines tell little or
 * nothing. Safe for any thread.
 */
public final class PeerTrust extends X509ExtendedTrustManager {

    /**
     * A peer that was not trusted.
     *
     * @param chain what it sent, its own certificate first
     */
    record Refusal(List<X509Certificate> chain, CertificateException cause) {}

    private static final int MAX = 64;

    private final X509TrustManager trust;

    /** The last ones. What was thrown is among the causes of what the engine fails with. */
    private final Deque<Refusal> refusals = new ConcurrentLinkedDeque<>();

    /**
     * @param factory null for the authorities that Java trusts
     */
    PeerTrust(@Nullable TrustManagerFactory factory) {
        try {
            TrustManagerFactory managers = factory;
            if (managers == null) {
                managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
                managers.init((KeyStore) null);
            }
            trust = x509(managers);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has a trust store", e);
        }
    }

    private static X509TrustManager x509(TrustManagerFactory factory) {
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                return x509;
            }
        }
        throw new IllegalStateException("no X.509 trust");
    }

    /** Why a peer was not trusted, if an engine failed for that; else null. */
    @Nullable Refusal refusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            for (Refusal refusal : refusals) {
                if (refusal.cause() == cause) {
                    return refusal;
                }
            }
        }
        return null;
    }

    /** Why the last peer that was not trusted was not; null if all were. */
    @Nullable Refusal last() {
        return refusals.peekFirst();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        try {
            if (trust instanceof X509ExtendedTrustManager extended) {
                extended.checkServerTrusted(chain, authType, engine);
            } else {
                trust.checkServerTrusted(chain, authType);
            }
        } catch (CertificateException e) {
            refusals.addFirst(new Refusal(List.of(chain), e));
            if (refusals.size() > MAX) {
                refusals.pollLast();
            }
            throw e;
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("engines are used here, no sockets");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("the name cannot be verified without the engine");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("only servers are verified here");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("only servers are verified here");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("only servers are verified here");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return trust.getAcceptedIssuers();
    }
}
