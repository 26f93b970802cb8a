package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration.Valid;
import dev.vecho.server.Configuration.ValidListener;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From files, environment and system properties to listeners, or to all that is wrong. */
@ExtendWith(VertxExtension.class)
final class ConfigurationTest {

    @TempDir
    private Path directory;

    private final List<String> properties = new ArrayList<>();

    @AfterEach
    void clearProperties() {
        properties.forEach(System::clearProperty);
    }

    // What is right.

    @Test
    void listensOnLocalhostWhereNothingIsConfigured(Vertx vertx, VertxTestContext test) throws Exception {
        Path empty = write("empty.json", "{}");
        valid(vertx, List.of())
                .compose(none -> {
                    assertThat(addresses(none)).containsExactly("tcp=localhost:7007");
                    assertThat(none.drain()).isEqualTo(Duration.ofSeconds(10));
                    return valid(vertx, List.of(empty));
                })
                .onComplete(test.succeeding(valid ->
                        verify(test, () -> assertThat(addresses(valid)).containsExactly("tcp=localhost:7007"))));
    }

    @Test
    void readsListenersByName(Vertx vertx, VertxTestContext test) throws Exception {
        accepts(
                vertx,
                test,
                valid -> {
                    assertThat(addresses(valid)).containsExactly("a=127.0.0.1:1", "b=[::1]:1", "c=[::]:2");
                    assertThat(valid.drain()).isEqualTo(Duration.ofMillis(7));
                },
                write("""
                        { "drainMillis": 7, "listeners": {
                          "c": { "transport": "tcp", "host": "[::]", "port": 2 },
                          "off": { "enabled": false, "host": "127.0.0.1", "port": 1 },
                          "b": { "host": "::1", "port": 1, "enabled": true },
                          "a": { "host": "127.0.0.1", "port": 1 } } }
                        """));
    }

    @Test
    void letsListenersShareAnyFreePort(Vertx vertx, VertxTestContext test) throws Exception {
        accepts(
                vertx,
                test,
                valid -> assertThat(addresses(valid)).containsExactly("a=localhost:0", "b=localhost:0"),
                write("{ \"listeners\": { \"a\": { \"port\": 0 }, \"b\": { \"port\": 0 } } }"));
    }

    @Test
    void tellsWhichIoIsWanted(Vertx vertx, VertxTestContext test) throws Exception {
        Path file = write("{ \"io\": \"epoll\" }");
        Configuration.load(vertx, List.of(file))
                .onComplete(test.succeeding(configuration -> verify(test, () -> {
                    assertThat(configuration.io()).isEqualTo("epoll");
                    assertThat(Configuration.of(new JsonObject()).io()).isEqualTo(Io.AUTO);
                    assertThat(Configuration.of(new JsonObject().put("io", 7)).io())
                            .isEqualTo(Io.AUTO);
                })));
    }

    @Test
    void acceptsTheIoOnWhichItRuns(Vertx vertx, VertxTestContext test) throws Exception {
        accepts(vertx, test, valid -> {}, write("{ \"io\": \"" + Io.of(vertx) + "\" }"));
    }

    // What is wrong with a file.

    @Test
    void tellsAllFilesThatCannotBeRead(Vertx vertx, VertxTestContext test) throws Exception {
        Path missing = directory.resolve("missing.json");
        Path broken = write("broken.json", "{ \"listeners\": {\n  \"a\": { \"port\": 1, } } }");
        Path twice = write("twice.json", "{\n  \"io\": \"nio\",\n  \"io\": \"nio\" }");
        Path list = write("list.json", "[]");
        rejects(
                vertx,
                test,
                List.of(missing, broken, twice, list, directory),
                missing + ": no such file",
                broken + ":2:21: Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
                twice + ":3:7: Duplicate field 'io'",
                list + ":1:1: must be a JSON object, starting with \"{\"",
                directory + ": cannot be read: ");
    }

    // What is wrong with a value.

    @Test
    void tellsAllThatIsWrongAtOnce(Vertx vertx, VertxTestContext test) throws Exception {
        Path file = write("""
                { "drainMillis": -1, "busyPollMicros": 1001, "io": "abacus", "listener": {},
                  "listeners": {
                    "a": { "port": 1, "prot": 2, "backlog": 0, "maxConnections": 1.5 },
                    "b": { "transport": "pigeon" },
                    "c": { "transport": "absent", "port": 70000, "wings": 2 },
                    "d": "tcp",
                    "e": { "host": "", "port": "7007", "noDelay": "yes", "writeQueueBytes": 5 },
                    "f g": { "port": 3 },
                    "tls": { "port": 70000, "tls": { "selfSigned": true, "handshakeTimeout": 5 } } } }
                """);
        rejects(
                vertx,
                test,
                List.of(file),
                file + ": drainMillis: must be 0..86400000, was -1",
                file + ": busyPollMicros: must be 0..1000, was 1001",
                file + ": io: must be one of auto, nio, epoll, io_uring, kqueue, was \"abacus\"",
                file + ": listeners.a.backlog: must be 1..1048576, was 0",
                file + ": listeners.a.maxConnections: must be 1..2147483647, was 1.5",
                file + ": listeners.a.prot: is not a known key, did you mean \"port\"?",
                file + ": listeners.b.transport: must be one of "
                        + String.join(", ", Transports.load().names()) + ", was \"pigeon\"",
                file + ": listeners.c.transport: absent cannot run here: its library is missing",
                file + ": listeners.c.port: must be 0..65535, was 70000",
                file + ": listeners.d: must be an object, was a text",
                file + ": listeners.e.host: must be a text that is not empty, was \"\"",
                file + ": listeners.e.port: must be a number, 0..65535, was \"7007\"",
                file + ": listeners.e.noDelay: must be true or false, was \"yes\"",
                file + ": listeners.e.writeQueueBytes: must be 1024..1073741824, was 5",
                file + ": listeners.f g: must be named with letters, digits, \"-\" and \"_\" only",
                file + ": listeners.tls.port: must be 0..65535, was 70000",
                file + ": listeners.tls.tls.handshakeTimeout: is not a known key, did you mean"
                        + " \"handshakeTimeoutMillis\"?",
                file + ": listener: is not a known key, did you mean \"listeners\"?");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"listeners\": []}                            | listeners: must be an object, was a list",
                "{\"listeners\": 7}                             | listeners: must be an object, was 7",
                "{\"io\": 7}                                    | io: must be a text that is not empty, was 7",
                "{\"drainMillis\": \"10\"}                      | drainMillis: must be a number, 0..86400000, was \"10\"",
                "{\"listeners\": {\"a\": {\"enabled\": 1}}}     | listeners.a.enabled: must be true or false, was 1",
                "{\"listeners\": {\"a\": {\"transport\": 1}}}   | listeners.a.transport: must be a text that is not"
                        + " empty, was 1",
                "{\"listeners\": {\"a\": {\"tls\": true}}}      | listeners.a.tls: must be an object, was true",
                "{\"listeners\": {\"a\": {\"port\": -1}}}       | listeners.a.port: must be 0..65535, was -1",
                "{\"listeners\": {\"a\": {\"port\": 4294967296}}} | listeners.a.port: must be 0..65535, was 4294967296",
                "{\"listeners\": {\"a\": {\"enabled\": false}}} | listeners: must enable at least one listener, all of"
                        + " them are switched off",
                "{\"listeners\": {\"a\": null}}                 | listeners: must enable at least one listener, all of"
                        + " them are switched off",
                "{\"listeners\": {\"a.b\": {\"port\": 1}}}      | listeners.a.b: must be named with letters, digits,"
                        + " \"-\" and \"_\" only",
                "{\"listeners\": {\"\": {\"port\": 1}}}         | listeners: must be named with letters, digits,"
                        + " \"-\" and \"_\" only"
            })
    void namesThePath(String json, String problem, Vertx vertx, VertxTestContext test) throws Exception {
        Path file = write(json);
        accepted(vertx, List.of(file))
                .onComplete(test.succeeding(problems -> verify(
                        test,
                        () -> assertThat(problems)
                                .filteredOn(line -> !line.contains("tls.certificate: is missing"))
                                .containsExactly(file + ": " + problem))));
    }

    @Test
    void rejectsTwoListenersOnOneAddress(Vertx vertx, VertxTestContext test) throws Exception {
        Path file = write("""
                { "listeners": {
                  "a": { "host": "::1", "port": 5 }, "b": { "host": "[::1]", "port": 5 },
                  "c": { "host": "::1", "port": 6 }, "d": {}, "e": {},
                  "f": { "port": 70000 } } }
                """);
        rejects(
                vertx,
                test,
                List.of(file),
                file + ": listeners.b.port: has the address of listeners.a: [::1]:5",
                file + ": listeners.e.port: has the address of listeners.d: localhost:7007",
                file + ": listeners.f.port: must be 0..65535, was 70000");
    }

    @Test
    void rejectsAnIoThatDoesNotWorkHere(Vertx vertx, VertxTestContext test) throws Exception {
        List<String> names = new ArrayList<>(Io.names());
        names.remove(Io.AUTO);
        names.removeAll(Io.available());
        assertThat(names).as("no system has epoll and kqueue").isNotEmpty();
        Path file = write("{ \"io\": \"" + names.get(0) + "\" }");
        rejects(vertx, test, List.of(file), file + ": io: " + names.get(0) + " is not available here: ");
    }

    @Test
    void rejectsAnIoOtherThanThatOnWhichItRuns(Vertx vertx, VertxTestContext test) throws Exception {
        String running = Io.of(vertx);
        String other = Io.available().stream()
                .filter(name -> !name.equals(running))
                .findFirst()
                .orElse("none");
        assertThat(other).as("another io").isNotEqualTo("none");
        Path file = write("{ \"io\": \"" + other + "\" }");
        rejects(
                vertx,
                test,
                List.of(file),
                file + ": io: must be " + running + ", on which this Vert.x runs already, was \"" + other + "\"");
    }

    // Layers.

    @Test
    void mergesLaterFilesOverEarlierOnes(Vertx vertx, VertxTestContext test) throws Exception {
        accepts(
                vertx,
                test,
                valid -> {
                    assertThat(addresses(valid)).containsExactly("a=127.0.0.1:9", "d=localhost:4");
                    assertThat(valid.drain()).isEqualTo(Duration.ofMillis(3));
                },
                write("base.json", """
                        { "drainMillis": 1, "listeners": {
                          "a": { "host": "127.0.0.1", "port": 1, "idleTimeoutMillis": 5 }, "b": { "port": 2 },
                          "c": { "port": 3 } } }
                        """),
                write("middle.json", """
                        { "drainMillis": 2, "listeners": { "a": { "port": 8 }, "b": { "enabled": false } } }
                        """),
                write("last.json", """
                        { "drainMillis": 3, "listeners": { "a": { "port": 9, "idleTimeoutMillis": null }, "c": null,
                          "d": { "port": 4 } } }
                        """));
    }

    @Test
    void removesAValueWithNull(Vertx vertx, VertxTestContext test) throws Exception {
        Path base = write("base.json", """
                { "drainMillis": -1, "listeners": { "a": { "host": "127.0.0.1", "port": 1, "tls": { "bad": 1 } },
                  "b": { "bad": 1 } } }
                """);
        Path over = write("over.json", """
                { "drainMillis": null, "listeners": { "a": { "host": null, "tls": null }, "b": null } }
                """);
        accepts(
                vertx,
                test,
                valid -> {
                    assertThat(addresses(valid)).containsExactly("a=localhost:1");
                    assertThat(valid.drain()).isEqualTo(Duration.ofSeconds(10));
                },
                base,
                over);
    }

    @Test
    void namesTheSourceThatHasTheLastWord(Vertx vertx, VertxTestContext test) throws Exception {
        Path base = write("base.json", """
                { "drainMillis": -1, "listeners": { "a": { "host": "", "port": 1, "prot": 2 },
                  "b": { "port": 70000 } } }
                """);
        Path over = write("over.json", "{ \"listeners\": { \"a\": { \"port\": 70001 }, \"b\": { \"hots\": 1 } } }");
        set("vecho.listeners.b.backlog", "few");
        rejects(
                vertx,
                test,
                List.of(base, over),
                base + ": drainMillis: must be 0..86400000, was -1",
                base + ": listeners.a.host: must be a text that is not empty, was \"\"",
                over + ": listeners.a.port: must be 0..65535, was 70001",
                base + ": listeners.a.prot: is not a known key, did you mean \"port\"?",
                base + ": listeners.b.port: must be 0..65535, was 70000",
                "system properties: listeners.b.backlog: must be a number, 1..1048576, was \"few\"",
                over + ": listeners.b.hots: is not a known key, did you mean \"host\"?");
    }

    @Test
    void readsSystemPropertiesOverFiles(Vertx vertx, VertxTestContext test) throws Exception {
        set("vecho.listeners.ipv4.port", "7009");
        set("vecho.listeners.my-tls.enabled", "false");
        set("vecho.drainMillis", "5");
        accepts(
                vertx,
                test,
                valid -> {
                    assertThat(addresses(valid)).containsExactly("ipv4=127.0.0.1:7009");
                    assertThat(valid.drain()).isEqualTo(Duration.ofMillis(5));
                },
                write("""
                        { "listeners": { "ipv4": { "host": "127.0.0.1", "port": 1 }, "my-tls": { "port": 2 } } }
                        """));
    }

    @Test
    void readsTheEnvironment(Vertx vertx, VertxTestContext test) {
        JsonObject file = new JsonObject("""
                { "listeners": { "ipv4": { "host": "127.0.0.1", "port": 1 }, "my-tls": { "port": 2 },
                  "Mixed_Case": { "port": 3 } } }
                """);
        JsonObject variables = new JsonObject()
                .put("VECHO__DRAIN_MILLIS", "6")
                .put("VECHO__LISTENERS__IPV4__PORT", "7010")
                .put("VECHO__LISTENERS__IPV4__IDLE_TIMEOUT_MILLIS", "250")
                .put("VECHO__LISTENERS__IPV4__NO_DELAY", "false")
                .put("VECHO__LISTENERS__MY_TLS__ENABLED", "false")
                .put("VECHO__LISTENERS__MIXED_CASE__HOST", "::1")
                .put("VECHO__LISTENERS__NEW_ONE__PORT", "4")
                .put("VECHO_LISTENERS__IPV4__PORT", "8")
                .put("OTHER", "x");
        Layers layers = environment(file, variables);
        JsonObject ipv4 = layers.merged().getJsonObject("listeners").getJsonObject("ipv4");
        assertThat(ipv4.getValue("idleTimeoutMillis")).isEqualTo("250");
        assertThat(ipv4.getValue("noDelay")).isEqualTo("false");
        valid(vertx, layers)
                .onComplete(test.succeeding(valid -> verify(test, () -> {
                    assertThat(addresses(valid))
                            .containsExactly("Mixed_Case=[::1]:3", "ipv4=127.0.0.1:7010", "newOne=localhost:4");
                    assertThat(valid.drain()).isEqualTo(Duration.ofMillis(6));
                })));
    }

    @Test
    void namesTheEnvironment(Vertx vertx, VertxTestContext test) {
        Layers layers = environment(
                new JsonObject(),
                new JsonObject()
                        .put("VECHO__DRAIN_MILLIS", "soon")
                        .put("VECHO__LISTENERS__IPV4__PORT", "70000")
                        .put("VECHO__LISTENERS__IPV4__PROT", "1"));
        told(valid(vertx, layers))
                .onComplete(
                        test.succeeding(
                                problems -> verify(
                                        test,
                                        () -> assertThat(problems)
                                                .containsExactly(
                                                        "environment: drainMillis: must be a number, 0..86400000, was \"soon\"",
                                                        "environment: listeners.ipv4.port: must be 0..65535, was \"70000\"",
                                                        "environment: listeners.ipv4.prot: is not a known key, did you mean \"port\"?"))));
    }

    // Files and secrets.

    @Test
    void readsCertificatesNextToTheFileThatNamesThem(Vertx vertx, VertxTestContext test) throws Exception {
        Path sub = Files.createDirectory(directory.resolve("sub"));
        Issued issued = new Certificates(sub).localhost();
        Path base =
                write("base.json", "{ \"listeners\": { \"a\": { \"port\": 0, \"tls\": { \"key\": \"no.key\" } } } }");
        Path over = write("sub/over.json", """
                { "listeners": { "a": { "tls": { "certificate": "%s", "key": "%s" } } } }
                """.formatted(
                        issued.certificate().getFileName(), issued.key().getFileName()));
        accepts(vertx, test, valid -> assertThat(addresses(valid)).containsExactly("a=localhost:0"), base, over);
    }

    @Test
    void namesTheCertificateThatIsMissing(Vertx vertx, VertxTestContext test) throws Exception {
        Path file = write("""
                { "listeners": { "a": { "tls": { "certificate": "none.pem", "key": "none.key" } } } }
                """);
        rejects(
                vertx,
                test,
                List.of(file),
                file + ": listeners.a.tls.certificate: no such file: "
                        + directory.toAbsolutePath().resolve("none.pem"),
                file + ": listeners.a.tls.key: no such file: "
                        + directory.toAbsolutePath().resolve("none.key"));
    }

    @Test
    void takesAPasswordOfDigitsFromText(Vertx vertx, VertxTestContext test) throws Exception {
        keyStore("store.p12", "004711");
        set("vecho.listeners.a.tls.keyStorePassword", "004711");
        Path file = write("{ \"listeners\": { \"a\": { \"port\": 0, \"tls\": { \"keyStore\": \"store.p12\" } } } }");
        accepts(vertx, test, valid -> assertThat(addresses(valid)).containsExactly("a=localhost:0"), file);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"hunter2\"",
                "4711",
                "[\"hunter2\"]",
                "{ \"hunter2\": \"hunter2\" }",
                "hunter2",
                "\"hunter2",
                "\"hunter2\" \"x\""
            })
    void keepsPasswordsToItself(String password, Vertx vertx, VertxTestContext test) throws Exception {
        keyStore("store.p12", "another one");
        Path file = write("""
                { "listeners": { "a": { "tls": { "keyStore": "store.p12", "keyStorePassword": %1$s } },
                  "b": { "port": 1, "tls": { "trust": "store.p12", "selfSigned": true, "trustPassword": %1$s } },
                  "c": { "port": 2, "tls": { "selfSigned": true, "keyStorePassword": %1$s } },
                  "d": { "port": 3, "tls": { "keyStorePasword": %1$s } } } }
                """.formatted(password));
        Logged logged = new Logged();
        accepted(vertx, List.of(file))
                .onComplete(test.succeeding(problems -> verify(test, () -> {
                    logged.close();
                    assertThat(problems)
                            .isNotEmpty()
                            // The number in the directory's name may have 4711 in it.
                            .extracting(line -> line.replace(directory.toString(), ""))
                            .noneMatch(line -> line.contains("hunter2") || line.contains("4711"));
                    logged.assertQuiet();
                })));
    }

    // How the tests above say it.

    private void accepts(Vertx vertx, VertxTestContext test, Consumer<Valid> check, Path... files) {
        valid(vertx, Arrays.asList(files))
                .onComplete(test.succeeding(valid -> verify(test, () -> check.accept(valid))));
    }

    /** Each problem starts with what is expected. */
    private void rejects(Vertx vertx, VertxTestContext test, List<Path> files, String... expected) {
        accepted(vertx, files)
                .onComplete(test.succeeding(problems -> verify(test, () -> {
                    assertThat(problems).hasSameSizeAs(expected);
                    for (int i = 0; i < expected.length; i++) {
                        if (expected[i].endsWith(": ")) {
                            assertThat(problems.get(i)).startsWith(expected[i]);
                        } else {
                            assertThat(problems.get(i)).isEqualTo(expected[i]);
                        }
                    }
                })));
    }

    private static void verify(VertxTestContext test, Runnable check) {
        test.verify(check::run);
        test.completeNow();
    }

    /** The problems of files; none where they are accepted. */
    private static Future<List<String>> accepted(Vertx vertx, List<Path> files) {
        return told(valid(vertx, files));
    }

    private static Future<List<String>> told(Future<Valid> valid) {
        return valid.transform(result -> {
            if (result.cause() instanceof InvalidInputException invalid) {
                return Future.succeededFuture(invalid.problems());
            }
            return result.failed() ? Future.failedFuture(result.cause()) : Future.succeededFuture(List.of());
        });
    }

    private static Future<Valid> valid(Vertx vertx, List<Path> files) {
        return Configuration.load(vertx, files).compose(configuration -> valid(vertx, configuration));
    }

    private static Future<Valid> valid(Vertx vertx, Layers layers) {
        return valid(vertx, new Configuration(layers));
    }

    private static Future<Valid> valid(Vertx vertx, Configuration configuration) {
        return vertx.executeBlocking(() -> configuration.validate(vertx, Transports.load()));
    }

    private static List<String> addresses(Valid valid) {
        return valid.listeners().stream().map(ConfigurationTest::address).toList();
    }

    private static String address(ValidListener listener) {
        return listener.name() + "=" + listener.server().address();
    }

    private static Layers environment(JsonObject file, JsonObject variables) {
        Layers layers = new Layers();
        layers.add(Source.named("file.json"), file);
        layers.addEnvironment(variables);
        return layers;
    }

    private void set(String property, String value) {
        properties.add(property);
        System.setProperty(property, value);
    }

    private Path write(String json) throws Exception {
        return write("vecho.json", json);
    }

    private Path write(String name, String json) throws Exception {
        return Files.writeString(directory.resolve(name), json);
    }

    private void keyStore(String name, String password) throws Exception {
        Issued issued = new Certificates(directory).localhost();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "server",
                issued.bundle().getKeyPair().getPrivate(),
                password.toCharArray(),
                issued.bundle().getCertificatePath());
        try (OutputStream out = Files.newOutputStream(directory.resolve(name))) {
            store.store(out, password.toCharArray());
        }
    }
}
