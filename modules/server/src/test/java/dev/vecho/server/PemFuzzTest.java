package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.Fuzz;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Whatever is in the files of a certificate, its key and the authorities, it is read or refused with a reason. */
public final class PemFuzzTest {

    private static final Vertx VERTX = Vertx.vertx();
    private static final Transports TRANSPORTS = Transports.load();

    private static final List<String> WORDS = List.of(
            "-----BEGIN CERTIFICATE-----",
            "-----END CERTIFICATE-----",
            "-----BEGIN PRIVATE KEY-----",
            "-----",
            "-----BEGIN EC PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "ENCRYPTED",
            "Bag Attributes\n",
            "\r\n",
            "\n\n",
            "=",
            "MIIB",
            " ",
            "\t",
            "\u0000",
            "\u00ef\u00bb\u00bf");

    private static final Path DIRECTORY = directory();
    private static final Issued GOOD = new Certificates(DIRECTORY).localhost();

    private static Path directory() {
        try {
            return Files.createTempDirectory("vecho-pem");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterAll
    static void close() throws IOException {
        VERTX.close().await();
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(DIRECTORY);
    }

    @Test
    void survivesWhateverComes() throws Exception {
        Fuzz.play(PemFuzzTest.class, WORDS, PemFuzzTest::fuzzerTestOneInput);
    }

    /** What is tried; Jazzer looks for this name. */
    public static void fuzzerTestOneInput(byte[] input) {
        try {
            Path file = Files.write(DIRECTORY.resolve("fuzz.pem"), input);
            read(new JsonObject()
                    .put("certificate", file.toString())
                    .put("key", GOOD.key().toString()));
            read(new JsonObject()
                    .put("certificate", GOOD.certificate().toString())
                    .put("key", file.toString()));
            read(GOOD.options().put("trust", file.toString()).put("clientAuth", "required"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void read(JsonObject tls) {
        JsonObject listener = new JsonObject().put("port", 0).put("tls", tls);
        try {
            Configuration.of(new JsonObject().put("listeners", new JsonObject().put("a", listener)))
                    .validate(VERTX, TRANSPORTS);
        } catch (InvalidInputException e) {
            assertThat(e.problems())
                    .isNotEmpty()
                    .allSatisfy(problem -> assertThat(problem).contains("listeners.a.tls."));
        }
    }
}
