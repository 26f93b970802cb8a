package dev.vecho.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Listener;
import dev.vecho.core.Target;
import dev.vecho.core.Traffic;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client of QUIC from another ecosystem: npm's @matrixai/quic. */
class QuicForeignClientTest {

    private static final String LIBRARY = "@matrixai/quic/dist/index.js";
    private static final String INSTALL = "npm install --global @matrixai/quic@2.0.9";

    @TempDir
    static Path directory;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_000, 5_000_000})
    void echoesAfterTheEndOfTheInput(int size) throws Exception {
        ForeignProgram node = ForeignProgram.find("node", "apt-get install nodejs");
        Path library = library();
        Path script = Path.of(resource("/quic-echo.mjs"));
        Certificates certificates = new Certificates(directory);
        Vertx vertx = Vertx.vertx();
        try {
            Traffic traffic = new Traffic();
            Target target = Target.parse(
                    listen(vertx, certificates.localhost(), traffic).addresses().get(0));
            Result result = node.run(
                    new byte[0],
                    script.toString(),
                    library.toString(),
                    "127.0.0.1",
                    String.valueOf(target.port()),
                    certificates.authority().toString(),
                    String.valueOf(size));
            assertThat(result.text()).as(result.err()).isEqualTo("same " + size + "\n");
            assertThat(traffic.snapshot().bytes()).isEqualTo(size);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
        }
    }

    private static Listener listen(Vertx vertx, Issued certificate, Traffic traffic) throws Exception {
        JsonObject options = new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", 0)
                .put(
                        "tls",
                        new JsonObject()
                                .put("certificate", certificate.certificate().toString())
                                .put("key", certificate.key().toString()));
        Problems problems = new Problems();
        var server = new QuicTransport().server(vertx, Options.of(options, Source.named("test"), problems));
        problems.throwIfAny();
        return server.listen(traffic).toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
    }

    /** Finds the library among npm's global ones, or ends the test. */
    private static Path library() throws Exception {
        ForeignProgram npm = ForeignProgram.find("npm", "apt-get install npm");
        Path library = Path.of(npm.run(new byte[0], "root", "--global").text().strip(), LIBRARY);
        if (!Files.exists(library)) {
            throw ForeignProgram.missing(LIBRARY + " is not installed; to run this test: " + INSTALL);
        }
        return library;
    }

    private static URI resource(String name) throws Exception {
        return Objects.requireNonNull(QuicForeignClientTest.class.getResource(name), name)
                .toURI();
    }
}
