package dev.vecho.net.tls;

import dev.vecho.core.Faults;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Makes certificates that sign themselves, for a first try. Found by {@link ServiceLoader}: who embeds Vecho with certificates of
 * their own needs none, nor the libraries that it takes.
 */
public interface SelfSigned {

    /**
     * Makes a key and a certificate, valid for 30 days, for {@code localhost}, a host, and loopback.
     *
     * @throws IllegalArgumentException if the host cannot be the name in a certificate
     */
    Identity issue(String host);

    /**
     * Makes a key and a certificate that is wrong.
     *
     * @param host a name for which it is made
     * @param issuer signs it, where that is not what is wrong with it; null for itself
     * @throws IllegalArgumentException if the host cannot be the name in a certificate, or the issuer cannot sign
     */
    Identity issue(String host, Faults.Certificate wrong, @Nullable Identity issuer);

    /** The one on the class path; empty where there is none. */
    static Optional<SelfSigned> find() {
        return ServiceLoader.load(SelfSigned.class, SelfSigned.class.getClassLoader())
                .findFirst();
    }
}
