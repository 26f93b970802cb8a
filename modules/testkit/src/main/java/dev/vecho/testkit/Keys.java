package dev.vecho.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Certificates of OpenSSL's, mostly for localhost, each signed by itself, with every ordinary kind of key. */
public final class Keys {

    /** The kinds, and how OpenSSL is asked for them. */
    private static final Map<String, List<String>> KINDS = Map.of(
            "RSA", List.of("rsa:2048"),
            "RSA-PSS", List.of("rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"),
            "P-256", List.of("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            "P-384", List.of("ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
            "P-521", List.of("ec", "-pkeyopt", "ec_paramgen_curve:P-521"),
            "Ed25519", List.of("ed25519"),
            "Ed448", List.of("ed448"));

    private Keys() {}

    /**
     * A certificate and its key.
     *
     * @param certificate a PEM file
     * @param key a PEM file, PKCS#8
     */
    public record Made(Path certificate, Path key) {}

    /** The names of the kinds, sorted. */
    public static List<String> kinds() {
        return KINDS.keySet().stream().sorted().toList();
    }

    /** Those that Netty's engine for BoringSSL can serve with. */
    public static boolean isForOpenSsl(String kind) {
        return kind.equals("RSA") || kind.startsWith("P-");
    }

    /** Makes one in a directory, or ends the test where there is no OpenSSL. */
    public static Made make(Path directory, String kind) throws Exception {
        return make(directory, kind, "localhost");
    }

    /** The same for another name. */
    public static Made make(Path directory, String kind, String name) throws Exception {
        Path certificate = directory.resolve(kind + ".pem");
        Path key = directory.resolve(kind + ".key");
        List<String> arguments = new ArrayList<>(List.of("req", "-x509", "-nodes", "-days", "2", "-newkey"));
        arguments.addAll(Objects.requireNonNull(KINDS.get(kind), kind));
        arguments.addAll(List.of("-keyout", key.toString(), "-out", certificate.toString(), "-subj", "/CN=" + name));
        arguments.addAll(List.of("-addext", "subjectAltName=DNS:" + name + ",IP:127.0.0.1"));
        openssl(arguments.toArray(String[]::new));
        return new Made(certificate, key);
    }

    /** Runs OpenSSL, which must succeed. */
    public static String openssl(String... arguments) throws Exception {
        ForeignProgram.Result result =
                ForeignProgram.find("openssl", "apt-get install openssl").run(new byte[0], arguments);
        if (result.exitCode() != 0) {
            throw new AssertionError(String.join(" ", arguments) + ": " + result.err());
        }
        return result.text();
    }
}
