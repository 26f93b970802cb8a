package dev.vecho.net.tls;

import java.util.Optional;
import java.util.ServiceLoader;

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

    /** The one on the class path; empty where there is none. */
    static Optional<SelfSigned> find() {
        return ServiceLoader.load(SelfSigned.class, SelfSigned.class.getClassLoader())
                .findFirst();
    }
}
