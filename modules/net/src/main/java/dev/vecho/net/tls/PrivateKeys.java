package dev.vecho.net.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads private keys out of PEM: PKCS#8 (RFC 5958), PKCS#1 for RSA (RFC 8017), SEC 1 for elliptic curves (RFC 5915). */
final class PrivateKeys {

    /** What Java calls the algorithms of the keys, by their object identifiers, encoded and in hexadecimal. */
    private static final Map<String, String> ALGORITHMS = Map.of(
            "06092a864886f70d010101", "RSA",
            "06092a864886f70d01010a", "RSASSA-PSS",
            "06072a8648ce3d0201", "EC",
            "06032b6570", "Ed25519",
            "06032b6571", "Ed448",
            "06072a8648ce380401", "DSA");

    /** The AlgorithmIdentifier of RSA: rsaEncryption and NULL. */
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");

    private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");
    private static final byte[] VERSION_0 = {2, 1, 0};

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;

    /** ECPrivateKey's parameters: [0] EXPLICIT. */
    private static final int PARAMETERS = 0xa0;

    private PrivateKeys() {}

    /** Why there is no key; its message goes on from the name of the file. */
    static final class Unreadable extends Exception {

        private static final long serialVersionUID = 1L;

        Unreadable(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Reads the first private key among the blocks, as OpenSSL does. */
    static PrivateKey first(List<Pem> blocks) throws Unreadable {
        byte[] curve = null;
        for (Pem block : blocks) {
            if (block.label().equals("EC PARAMETERS")) {
                curve = block.content();
            } else if (block.label().endsWith("PRIVATE KEY")) {
                return read(block, curve);
            }
        }
        throw new Unreadable("holds no private key in PEM", null);
    }

    private static PrivateKey read(Pem block, byte @Nullable [] curve) throws Unreadable {
        String where = "the key in line " + block.line();
        if (block.isEncrypted()) {
            throw new Unreadable(
                    "is encrypted, which is not supported: give a key without a password, or a keyStore", null);
        }
        byte[] content = block.content();
        if (content == null) {
            throw new Unreadable(where + " is not base64, or has no end", null);
        }
        try {
            return switch (block.label()) {
                case "PRIVATE KEY" -> pkcs8(content);
                case "RSA PRIVATE KEY" -> pkcs8(der(SEQUENCE, VERSION_0, RSA, der(OCTET_STRING, content)));
                case "EC PRIVATE KEY" -> sec1(content, curve);
                default ->
                    throw new Unreadable(
                            where + " is of the kind \"" + block.label() + "\", expected PKCS#8, PKCS#1 or SEC 1",
                            null);
            };
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            throw new Unreadable(where + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static PrivateKey pkcs8(byte[] content) throws GeneralSecurityException, IOException {
        Der key = new Der(content).enter(SEQUENCE);
        key.skip();
        Der algorithm = key.enter(SEQUENCE);
        String id = HexFormat.of().formatHex(algorithm.take());
        String name = ALGORITHMS.get(id);
        if (name == null) {
            throw new InvalidKeySpecException("an algorithm that Java does not know, the object identifier " + id);
        }
        return KeyFactory.getInstance(name).generatePrivate(new PKCS8EncodedKeySpec(content));
    }

    /** The curve is told by the key, or by a block before it. */
    private static PrivateKey sec1(byte[] content, byte @Nullable [] curve)
            throws GeneralSecurityException, IOException {
        Der key = new Der(content).enter(SEQUENCE);
        key.skip();
        key.skip();
        byte[] own =
                key.hasNext() && key.tag() == PARAMETERS ? key.enter(PARAMETERS).take() : curve;
        if (own == null) {
            throw new InvalidKeySpecException("it does not tell its curve");
        }
        return pkcs8(der(SEQUENCE, VERSION_0, der(SEQUENCE, EC, own), der(OCTET_STRING, content)));
    }

    private static byte[] der(int tag, byte[]... contents) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] content : contents) {
            all.write(content);
        }
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        encoded.write(tag);
        int length = all.size();
        if (length < 0x80) {
            encoded.write(length);
        } else {
            byte[] digits = java.math.BigInteger.valueOf(length).toByteArray();
            int zeros = digits[0] == 0 ? 1 : 0;
            encoded.write(0x80 | (digits.length - zeros));
            encoded.write(digits, zeros, digits.length - zeros);
        }
        all.writeTo(encoded);
        return encoded.toByteArray();
    }
}
