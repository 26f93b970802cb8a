package dev.vecho.net.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands around the blocks of a PEM file is read past, and what is wrong in them is told, whatever it is. */
class PemTest {

    private static final int TURNS = 2000;
    private static final int LINE = 64;
    private static final byte[] BREAK = {'\n'};

    @Test
    void findsTheBlocksAmongAllElse() {
        byte[] one = {1, 2, 3};
        byte[] two = new byte[100];
        String file = "\ufeffBag Attributes\r\n    localKeyID: 01\r\nsubject=CN = a\r\n\r\n"
                + block("PRIVATE KEY", one).replace("\n", "\r\n")
                + "-- a line that editors leave --\n\n  "
                + block("CERTIFICATE", two)
                + "the end";
        List<Pem> blocks = Pem.blocks(file.getBytes(StandardCharsets.UTF_8));
        assertThat(blocks).extracting(Pem::label).containsExactly("PRIVATE KEY", "CERTIFICATE");
        assertThat(blocks).extracting(Pem::line).containsExactly(5, 10);
        assertThat(blocks.get(0).content()).isEqualTo(one);
        assertThat(blocks.get(1).content()).isEqualTo(two);
    }

    @Test
    void tellsWhatHasNoEndOrIsNotBase64() {
        String cut =
                "-----BEGIN A-----\nAAAA\n" + block("B", new byte[] {1}) + "-----BEGIN C-----\nA*AA\n-----END C-----\n";
        List<Pem> blocks = Pem.blocks((cut + "-----BEGIN D-----\nAAAA").getBytes(StandardCharsets.US_ASCII));
        assertThat(blocks).extracting(Pem::label).containsExactly("A", "B", "C", "D");
        assertThat(blocks).extracting(each -> each.content() != null).containsExactly(false, true, false, false);
    }

    @Test
    void tellsAnEncryptedKey() {
        String body = block("RSA PRIVATE KEY", new byte[] {1});
        String headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n";
        String old = body.replaceFirst("-----\n", "-----\n" + headers);
        for (String file : List.of(old, block("ENCRYPTED PRIVATE KEY", new byte[] {1}))) {
            assertThatThrownBy(() -> key(file))
                    .hasMessage("is encrypted, which is not supported: give a key without a password, or a keyStore");
        }
        // Words around a key do not make it one.
        assertThatThrownBy(() -> key("# not ENCRYPTED any more\n" + body)).hasMessageContaining("cannot be read");
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "RSASSA-PSS", "secp256r1", "secp384r1", "secp521r1", "Ed25519", "Ed448"})
    void readsEveryKindOfKeyWithAnythingAroundIt(String kind) throws Exception {
        PrivateKey made = generate(kind);
        Random random = new Random(kind.hashCode());
        for (int turn = 0; turn < TURNS / 20; turn++) {
            String file = decorate(random, block("PRIVATE KEY", made.getEncoded()));
            assertThat(key(file)).as("turn %d: %s", turn, file).isEqualTo(made);
        }
    }

    @Test
    void failsWithTheReasonWhateverIsBroken() throws Exception {
        Random random = new Random(1);
        List<byte[]> files = new ArrayList<>();
        for (String kind : List.of("RSA", "secp256r1", "Ed25519")) {
            byte[] encoded = generate(kind).getEncoded();
            for (String label :
                    List.of("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS", "CERTIFICATE")) {
                files.add(block(label, encoded).getBytes(StandardCharsets.US_ASCII));
            }
        }
        for (int turn = 0; turn < TURNS; turn++) {
            byte[] file = damage(random, files.get(random.nextInt(files.size())));
            assertThatCode(() -> {
                        try {
                            PrivateKeys.first(Pem.blocks(file));
                        } catch (PrivateKeys.Unreadable e) {
                            assertThat(e).message().isNotBlank();
                        }
                    })
                    .as("turn %d: %s", turn, new String(file, StandardCharsets.ISO_8859_1))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void failsWithTheReasonWhateverIsInABlock() {
        Random random = new Random(2);
        for (int turn = 0; turn < TURNS; turn++) {
            byte[] content = new byte[random.nextInt(40)];
            random.nextBytes(content);
            if (content.length > 2) {
                content[0] = 0x30;
                content[1] = (byte) random.nextInt(content.length);
            }
            for (String label : List.of("PRIVATE KEY", "EC PRIVATE KEY")) {
                assertThatThrownBy(() -> key(block(label, content))).isInstanceOf(PrivateKeys.Unreadable.class);
            }
        }
    }

    private static PrivateKey key(String file) throws PrivateKeys.Unreadable {
        return PrivateKeys.first(Pem.blocks(file.getBytes(StandardCharsets.UTF_8)));
    }

    private static PrivateKey generate(String kind) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(kind.startsWith("secp") ? "EC" : kind);
        if (kind.startsWith("secp")) {
            generator.initialize(new ECGenParameterSpec(kind));
        } else if (kind.startsWith("RSA")) {
            generator.initialize(1024);
        }
        return generator.generateKeyPair().getPrivate();
    }

    private static String block(String label, byte[] content) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(LINE, BREAK).encodeToString(content) + "\n-----END " + label + "-----\n";
    }

    /** What editors and programs put around blocks, and between their lines. */
    private static String decorate(Random random, String block) {
        List<String> around = List.of(
                "",
                "\n",
                " \t\n",
                "Bag Attributes\n    friendlyName: x\n",
                "# -----BEGIN-----\n",
                "ä€\n",
                "subject=CN = a\n");
        StringBuilder file = new StringBuilder(random.nextInt(4) == 0 ? "\ufeff" : "");
        for (int i = random.nextInt(4); i > 0; i--) {
            file.append(around.get(random.nextInt(around.size())));
        }
        for (String line : block.split("\n", -1)) {
            file.append(line).append(random.nextInt(8) == 0 ? "  " : "").append('\n');
            file.append(random.nextInt(16) == 0 ? "\n" : "");
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            file.append(around.get(random.nextInt(around.size())));
        }
        return random.nextBoolean() ? file.toString() : file.toString().replace("\n", "\r\n");
    }

    private static byte[] damage(Random random, byte[] file) {
        byte[] damaged = file.clone();
        for (int i = 1 + random.nextInt(5); i > 0; i--) {
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
        }
        int from = random.nextInt(3) == 0 ? random.nextInt(damaged.length) : 0;
        int to = random.nextInt(3) == 0 ? from + random.nextInt(damaged.length - from) : damaged.length;
        return Arrays.copyOfRange(damaged, from, to);
    }
}
