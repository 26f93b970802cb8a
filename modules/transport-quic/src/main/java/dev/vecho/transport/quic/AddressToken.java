package dev.vecho.transport.quic;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.KeyStoreOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.spec.SecretKeySpec;

/** The key that signs address tokens, made for each listener: a token is of use to nobody but the peer that asked. */
final class AddressToken {

    private static final int KEY_BYTES = 32;

    private final KeyCertOptions key;

    AddressToken() {
        SecureRandom random = new SecureRandom();
        byte[] secret = new byte[KEY_BYTES];
        random.nextBytes(secret);
        byte[] passwordBytes = new byte[KEY_BYTES];
        random.nextBytes(passwordBytes);
        String password = HexFormat.of().formatHex(passwordBytes);
        try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            KeyStore.SecretKeyEntry entry = new KeyStore.SecretKeyEntry(new SecretKeySpec(secret, "HmacSHA256"));
            store.setEntry("token", entry, new KeyStore.PasswordProtection(password.toCharArray()));
            store.store(out, password.toCharArray());
            key = new KeyStoreOptions()
                    .setType("PKCS12")
                    .setPassword(password)
                    .setValue(Buffer.buffer(out.toByteArray()));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("a key store in memory takes every key", e);
        }
    }

    /** The key as Vert.x takes it. */
    KeyCertOptions key() {
        return key;
    }
}
