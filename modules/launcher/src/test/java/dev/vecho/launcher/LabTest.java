package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Check;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.Lab;
import dev.vecho.testkit.LabFault;
import dev.vecho.testkit.Repeat;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Plays a check against servers that are broken on purpose, and demands the word for each fault, every time; {@link Repeat}
 * says how often each is played.
 */
@Execution(ExecutionMode.CONCURRENT)
@TestInstance(Lifecycle.PER_CLASS)
final class LabTest {

    private static final int REPEAT = Repeat.TIMES;

    /** What must come about, which a loaded machine may take its time for. */
    private static final int GENEROUS_MILLIS = 20_000;

    /** What must not come about. */
    private static final int SHORT_MILLIS = 300;

    /** For Unix domain sockets and addresses on the event bus. */
    private static final AtomicInteger NAMES = new AtomicInteger();

    private static final int SIZE = 20_000;
    private static final long MIDDLE = 12_345;

    private final Vertx vertx =
            Vertx.builder().withTransport(Io.transport(Io.AUTO)).build();
    private Path directory = Path.of("");
    private Certificates certificates = new Certificates(directory());

    private Path directory() {
        try {
            directory = Files.createTempDirectory("vecho-lab-");
            return directory;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @BeforeAll
    void open() {
        assertThat(REPEAT).isPositive();
    }

    @AfterAll
    void close() throws IOException {
        vertx.close().await();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    // ---- what is played

    /** Makes a lab, fresh for each time. */
    private interface Place {
        Lab open(LabFault fault) throws IOException;
    }

    /** A fault on one transport. */
    private interface Case {
        String play() throws Exception;
    }

    /** The steps for a stream: all comes back, and then the end. */
    private static JsonArray stream() {
        return new JsonArray()
                .add(new JsonObject().put("send", new JsonObject().put("random", SIZE)))
                .add(expect("echo", GENEROUS_MILLIS))
                .add(new JsonObject().put("close", "output"))
                .add(expect("end", GENEROUS_MILLIS));
    }

    /** The steps for messages: each comes back, in order. */
    private static JsonArray messages(int within) {
        return new JsonArray()
                .add(new JsonObject()
                        .put("send", new JsonObject().put("random", 1000))
                        .put("count", 5))
                .add(expect("echo", within))
                .add(new JsonObject().put("expect", "nothing").put("forMillis", SHORT_MILLIS));
    }

    private static JsonObject expect(String what, int within) {
        return new JsonObject().put("expect", what).put("withinMillis", within);
    }

    private static JsonObject script(JsonArray steps) {
        return new JsonObject().put("timeoutMillis", GENEROUS_MILLIS).put("steps", steps);
    }

    private JsonObject trusting() {
        return new JsonObject().put("trust", certificates.authority().toString());
    }

    /** The kind of what a round comes to, with its sentence; the last of several rounds. */
    private String play(String target, JsonObject script, int rounds) {
        Script read = Script.of(script.copy().put("targets", new JsonArray().add(target)), Source.named("lab"));
        Check check = Check.open(vertx, read).await().get(0);
        try {
            Report report = check.play(1).await();
            for (int round = 2; round <= rounds; round++) {
                assertThat(report.diagnosis()).as("round " + (round - 1)).isNull();
                report = check.play(round).await();
            }
            assertThat(report.warnings()).isEmpty();
            return report.diagnosis() == null
                    ? "passed"
                    : report.diagnosis().kind() + " | " + report.diagnosis().sentence();
        } finally {
            check.close().await();
        }
    }

    private DynamicTest test(String name, String expected, Case played) {
        return DynamicTest.dynamicTest(name + ": " + expected, () -> {
            for (int i = 0; i < REPEAT; i++) {
                String kind = played.play();
                assertThat(kind.replaceFirst(" \\|.*", ""))
                        .as("time %d of %d: %s", i + 1, REPEAT, kind)
                        .isEqualTo(expected);
            }
        });
    }

    private Case on(Place place, LabFault fault, JsonObject script) {
        return on(place, fault, script, 1);
    }

    private Case on(Place place, LabFault fault, JsonObject script, int rounds) {
        return () -> {
            try (Lab lab = place.open(fault)) {
                return play(lab.target(), script, rounds);
            }
        };
    }

    /** On an ordinary listener that has faults. */
    private Case on(String transport, String faults, JsonObject script) {
        return on(transport, new JsonObject().put("faults", new JsonObject(faults.replace('\'', '"'))), script);
    }

    /** On an ordinary listener. */
    private Case on(String transport, JsonObject options, JsonObject script) {
        return on(transport, options, "", script);
    }

    /**
     * On an ordinary listener.
     *
     * @param scheme of another transport, which is spoken to it; empty for its own
     */
    private Case on(String transport, JsonObject options, String scheme, JsonObject script) {
        JsonObject listener = new JsonObject().put("transport", transport.equals("tls") ? "tcp" : transport);
        if (transport.equals("tls") || transport.equals("quic")) {
            listener.put("tls", certificates.localhost().options());
        }
        return () -> {
            int number = NAMES.incrementAndGet();
            if (transport.equals("unix")) {
                listener.put("path", directory.resolve(number + ".sock").toString());
            } else if (transport.equals("eventbus")) {
                listener.put("address", "lab." + number);
            } else {
                listener.mergeIn(Listeners.any());
            }
            Listeners serving = Listeners.serve(vertx, new JsonObject().put("listener", listener.mergeIn(options)));
            String address = serving.address("listener");
            return play(scheme.isEmpty() ? address : scheme + address.substring(address.indexOf(':')), script, 1);
        };
    }

    // ---- the tables

    @TestFactory
    Stream<DynamicTest> streams() {
        List<DynamicTest> tests = new ArrayList<>();
        SSLContext context = context(certificates.localhost());
        stream("tcp", Lab::tcp, tests::add);
        stream("tls", fault -> Lab.tls(fault, context), tests::add);
        stream("http", Lab::http, tests::add);
        stream("unix", fault -> Lab.unix(fault, directory), tests::add);
        Issued issued = certificates.localhost();
        stream("quic", fault -> Lab.quic(vertx, fault, issued), tests::add);
        return tests.stream();
    }

    private void stream(String transport, Place place, Consumer<DynamicTest> tests) {
        JsonObject script = script(stream());
        if (transport.equals("tls") || transport.equals("quic")) {
            script.put("tls", trusting());
        }
        JsonObject impatient = script.copy();
        impatient.getJsonArray("steps").getJsonObject(1).put("withinMillis", SHORT_MILLIS);
        // Long enough for what comes at once.
        JsonObject patient = script.copy();
        patient.getJsonArray("steps").getJsonObject(1).put("withinMillis", 1000);
        JsonObject impatientEnd = script.copy();
        impatientEnd.getJsonArray("steps").getJsonObject(3).put("withinMillis", SHORT_MILLIS);
        JsonObject slow = script.copy();
        slow.getJsonArray("steps").getJsonObject(1).put("withinMillis", 1500);
        JsonObject idle = script.copy()
                .put(
                        "steps",
                        new JsonArray()
                                .add(stream().getJsonObject(0))
                                .add(stream().getJsonObject(1))
                                .add(new JsonObject().put("pauseMillis", 2000))
                                .add(stream().getJsonObject(0))
                                .add(stream().getJsonObject(1)));
        tests.accept(test(transport + " healthy", "passed", on(place, LabFault.none(), script, 2)));
        tests.accept(test(
                transport + " ends at a byte",
                "truncated",
                on(transport, "{'toPeer': {'cut': {'afterBytes': 12345, 'with': 'fin'}}}", script)));
        if (transport.equals("tls")) {
            tests.accept(test("tls cuts at a byte", "truncated", on(place, LabFault.cutsAt(MIDDLE), script)));
        } else if (transport.equals("http")) {
            tests.accept(test("http ends a body at a byte", "truncated", on(place, LabFault.endsAt(MIDDLE), script)));
        }
        tests.accept(test(
                transport + " flips a bit",
                "corrupted",
                on(transport, "{'toPeer': {'corrupt': {'offset': 12345}}}", script)));
        tests.accept(test(
                transport + " inserts bytes",
                "injected",
                on(place, LabFault.insertsAt(MIDDLE, (byte) 1, (byte) 2), script)));
        tests.accept(test(transport + " deletes bytes", "lost", on(place, LabFault.deletesAt(MIDDLE, 100), script)));
        tests.accept(test(
                transport + " answers with an earlier round's bytes",
                "foreign",
                on(place, LabFault.answersWithOthersBytes(), small(script), 2)));
        tests.accept(test(
                transport + " says nothing", "silent", on(transport, "{'toPeer': {'stallAfterBytes': 0}}", impatient)));
        tests.accept(
                test(transport + " waits for the end", "buffered", on(place, LabFault.answersAtTheEnd(), patient)));
        tests.accept(test(
                transport + " swallows the end",
                "half-close",
                on(transport, "{'fromPeer': {'halfClose': 'swallow'}}", impatientEnd)));
        tests.accept(test(
                transport + " closes early",
                "closed",
                on(transport, "{'toPeer': {'cut': {'afterBytes': 0, 'with': 'fin'}}}", script)));
        tests.accept(test(
                transport + " trickles",
                "slow",
                on(transport, "{'toPeer': {'slice': {'bytes': 1, 'pause': '20ms'}}}", slow)));
        if (!transport.equals("unix")) {
            tests.accept(test(
                    transport + " resets at once",
                    "reset: before",
                    on(transport, "{'toPeer': {'cut': {'afterBytes': 0}}}", script)));
            tests.accept(test(
                    transport + " resets at a byte",
                    "reset: during",
                    on(transport, "{'toPeer': {'cut': {'afterBytes': 12345}}}", script)));
            tests.accept(test(
                    transport + " resets at the end",
                    "reset: after",
                    on(transport, "{'fromPeer': {'halfClose': 'refuse'}}", script)));
        }
        if (transport.equals("tcp") || transport.equals("tls")) {
            tests.accept(test(
                    transport + " cuts an idle connection",
                    "idle: closed",
                    on(transport, new JsonObject().put("idleTimeoutMillis", 800), idle)));
        }
    }

    /** One that is answered in one piece. */
    private static JsonObject small(JsonObject script) {
        JsonObject small = script.copy();
        small.getJsonArray("steps").getJsonObject(0).getJsonObject("send").put("random", 1000);
        return small;
    }

    @TestFactory
    Stream<DynamicTest> messages() {
        List<DynamicTest> tests = new ArrayList<>();
        messages("udp", Lab::udp, tests::add);
        messages("websocket", Lab::webSocket, tests::add);
        bus(tests::add);
        JsonObject script = script(messages(GENEROUS_MILLIS));
        String resets = "{'toPeer': {'cut': {'afterBytes': 0}}}";
        tests.add(test("ws resets at once", "reset: before", on("websocket", resets, script)));
        tests.add(
                test("ws closes early", "closed", on("websocket", resets.replace("0}", "0, 'with': 'fin'}"), script)));
        return tests.stream();
    }

    private void messages(String transport, Place place, Consumer<DynamicTest> tests) {
        JsonObject script = script(messages(GENEROUS_MILLIS));
        JsonObject impatient = script(messages(SHORT_MILLIS));
        JsonObject one = script(new JsonArray()
                .add(new JsonObject().put("send", new JsonObject().put("random", 1000)))
                .add(expect("echo", GENEROUS_MILLIS)));
        tests.accept(test(transport + " healthy", "passed", on(place, LabFault.none(), script, 2)));
        // Of five messages, of which the seed chooses some.
        tests.accept(test(
                transport + " drops messages",
                "lost",
                on(transport, "{'seed': 1, 'toPeer': {'loss': {'rate': 0.4}}}", impatient)));
        JsonObject twice =
                new JsonObject().put("faults", new JsonObject().put("toPeer", new JsonObject().put("duplicate", 1)));
        if (transport.equals("udp")) {
            twice.put("allow", "127.0.0.1").put("maxDatagramsPerSecond", 1000);
        }
        tests.accept(test(transport + " duplicates messages", "duplicated", on(transport, twice, script)));
        tests.accept(test(
                transport + " reorders messages",
                "reordered",
                on(transport, "{'seed': 1, 'toPeer': {'reorder': {'rate': 0.5}}}", script)));
        shortensAndFlips(transport, script, tests);
        tests.accept(test(transport + " invents a message", "injected", on(place, LabFault.invents(2), script)));
        tests.accept(test(
                transport + " says nothing", "silent", on(transport, "{'toPeer': {'loss': {'rate': 1}}}", impatient)));
        tests.accept(test(
                transport + " answers with an earlier round's bytes",
                "foreign",
                on(place, LabFault.answersWithOthersBytes(), one, 2)));
    }

    private void shortensAndFlips(String transport, JsonObject script, Consumer<DynamicTest> tests) {
        tests.accept(test(
                transport + " shortens messages",
                "truncated",
                on(transport, "{'toPeer': {'truncate': {'bytes': 500}}}", script)));
        tests.accept(test(
                transport + " flips a bit",
                "corrupted",
                on(transport, "{'toPeer': {'corrupt': {'offset': 500}}}", script)));
    }

    /** A message that is not answered is sent again, so that none is lost and none comes twice. */
    private void bus(Consumer<DynamicTest> tests) {
        Place place = fault -> Lab.bus(vertx, fault);
        JsonObject script = script(messages(GENEROUS_MILLIS));
        tests.accept(test("bus healthy", "passed", on(place, LabFault.none(), script, 2)));
        tests.accept(test("bus drops a message once", "passed", on(place, LabFault.drops(2), script)));
        shortensAndFlips("eventbus", script, tests);
        tests.accept(test(
                "bus says nothing",
                "silent",
                on("eventbus", "{'fromPeer': {'loss': {'rate': 1}}}", script(messages(SHORT_MILLIS)))));
        tests.accept(test("bus nobody listens", "refused", () -> play("bus://nobody.there", script, 1)));
    }

    @TestFactory
    Stream<DynamicTest> connecting() {
        List<DynamicTest> tests = new ArrayList<>();
        JsonObject script = script(stream());
        for (String scheme : List.of("tcp", "tls", "http", "https", "ws", "wss", "udp", "quic")) {
            JsonObject steps =
                    List.of("ws", "wss", "udp").contains(scheme) ? script(messages(GENEROUS_MILLIS)) : script;
            tests.add(test(
                    scheme + " nobody listens", "refused", on(fault -> Lab.nobody(scheme), LabFault.none(), steps)));
        }
        for (String scheme : List.of("tcp", "tls", "http", "https", "ws", "wss")) {
            JsonObject steps = scheme.startsWith("ws") ? script(messages(GENEROUS_MILLIS)) : script;
            tests.add(test(
                    scheme + " port that drops packets",
                    "filtered",
                    on(
                            fault -> Lab.filtered(scheme),
                            LabFault.none(),
                            steps.copy().put("timeoutMillis", SHORT_MILLIS))));
        }
        tests.add(test("quic port that never answers", "filtered", () -> {
            try (Lab lab = Lab.udp(LabFault.silent())) {
                return play(lab.target("quic"), script.copy().put("timeoutMillis", 2 * SHORT_MILLIS), 1);
            }
        }));
        tests.add(test(
                "unix without a socket", "refused", () -> play("unix://" + directory.resolve("none.sock"), script, 1)));
        tests.add(test("a name without addresses", "dns", () -> play("tcp://no.such.host.invalid:7007", script, 1)));
        return tests.stream();
    }

    @TestFactory
    Stream<DynamicTest> tls() {
        List<DynamicTest> tests = new ArrayList<>();
        for (String engine : List.of("jdk", "openssl")) {
            for (String scheme : List.of("tls", "https", "wss")) {
                certificates(engine, scheme, tests::add);
            }
        }
        quicCertificates(tests::add);
        SSLContext good = context(certificates.localhost());
        JsonObject script = script(stream()).put("tls", trusting());
        for (String scheme : List.of("tls", "https", "wss")) {
            JsonObject steps =
                    scheme.equals("wss") ? script(messages(GENEROUS_MILLIS)).put("tls", trusting()) : script;
            tests.add(test(scheme + " to a plain echo", "tls: plain-text", on("tcp", new JsonObject(), scheme, steps)));
            tests.add(test(
                    scheme + " to a server that says something",
                    "tls: plain-text",
                    () -> other(Lab.banner("220 mail.example.org ESMTP\r\n"), scheme, steps)));
            tests.add(test(scheme + " to one that closes", "tls: closed", on("tcp", cutAtOnce("fin"), scheme, steps)));
            tests.add(test(
                    scheme + " to one that says nothing",
                    "tls: timeout",
                    on(
                            "tcp",
                            new JsonObject()
                                    .put(
                                            "faults",
                                            new JsonObject().put("toPeer", new JsonObject().put("stallAfterBytes", 0))),
                            scheme,
                            steps.copy().put("timeoutMillis", SHORT_MILLIS))));
            tests.add(test(
                    scheme + " to one that resets", "reset: before", on("tcp", cutAtOnce("reset"), scheme, steps)));
        }
        for (String scheme : List.of("tcp", "http", "ws")) {
            JsonObject steps = scheme.equals("ws") ? script(messages(GENEROUS_MILLIS)) : script(stream());
            if (scheme.equals("tcp")) {
                // Random bytes may look like the head of a record, and the server waits for the rest of it.
                steps.getJsonArray("steps")
                        .getJsonObject(0)
                        .put("send", new JsonObject().put("text", "This is the message.  It will be repeated."));
            }
            tests.add(test(
                    scheme + " to a server of TLS",
                    "tls: required",
                    () -> other(Lab.tls(LabFault.none(), good), scheme, steps)));
        }
        JsonObject start = script(new JsonArray()
                        .add(new JsonObject().put("send", new JsonObject().put("text", "STARTTLS\n")))
                        .add(new JsonObject()
                                .put("expect", new JsonObject().put("text", "GO AHEAD\n"))
                                .put("withinMillis", GENEROUS_MILLIS))
                        .add(new JsonObject().put("startTls", true))
                        .addAll(stream()))
                .put("tls", trusting());
        tests.add(test("starts TLS", "passed", () -> other(Lab.startTls(good), "tcp", start)));
        tests.add(test(
                "starts TLS with one that nobody trusts",
                "tls: unknown-authority",
                () -> other(
                        Lab.startTls(good), "tcp", start.copy().put("tls", new JsonObject().put("engine", "jdk")))));
        tests.add(test(
                "starts TLS with one that expired",
                "tls: expired",
                () -> other(Lab.startTls(context(certificates.expired())), "tcp", start)));
        return tests.stream();
    }

    private static JsonObject cutAtOnce(String with) {
        JsonObject cut = new JsonObject().put("afterBytes", 0).put("with", with);
        return new JsonObject().put("faults", new JsonObject().put("toPeer", new JsonObject().put("cut", cut)));
    }

    private String other(Lab opened, String scheme, JsonObject script) {
        try (Lab lab = opened) {
            return play(lab.target(scheme), script, 1);
        }
    }

    /** What can be wrong with who the server is, and with what it agrees to. */
    private void certificates(String engine, String scheme, Consumer<DynamicTest> tests) {
        JsonObject tls = trusting().put("engine", engine);
        JsonArray steps = scheme.equals("wss") ? messages(GENEROUS_MILLIS) : stream();
        JsonObject script = script(steps).put("tls", tls);
        String name = scheme + " (" + engine + ") ";
        SSLContext good = context(certificates.localhost());
        record Wrong(String name, String reason, Issued issued) {}
        for (Wrong wrong : List.of(
                new Wrong("expired", "expired", certificates.expired()),
                new Wrong("not yet valid", "not-yet-valid", certificates.notYetValid()),
                new Wrong("another name", "wrong-name", certificates.forName("example.org")),
                new Wrong("signed by itself", "self-signed", certificates.selfSigned()),
                new Wrong("meant for clients", "wrong-purpose", certificates.wrongPurpose()))) {
            SSLContext context = context(wrong.issued());
            tests.accept(test(
                    name + wrong.name(),
                    "tls: " + wrong.reason(),
                    () -> other(Lab.tls(LabFault.none(), context), scheme, script)));
        }
        tests.accept(test(
                name + "signed by a stranger",
                "tls: unknown-authority",
                () -> other(
                        Lab.tls(LabFault.none(), good),
                        scheme,
                        script.copy().put("tls", new JsonObject().put("engine", engine)))));
        SSLParameters mutual = new SSLParameters();
        mutual.setNeedClientAuth(true);
        for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
            tests.accept(test(
                    name + protocol + " wants a certificate",
                    "tls: client-certificate-required",
                    () -> other(
                            Lab.tls(LabFault.none(), good, mutual),
                            scheme,
                            script.copy().put("tls", tls.copy().put("protocols", protocol)))));
        }
        SSLParameters old = new SSLParameters();
        old.setProtocols(new String[] {"TLSv1.2"});
        tests.accept(test(
                name + "no version in common",
                "tls: protocol",
                () -> other(
                        Lab.tls(LabFault.none(), good, old),
                        scheme,
                        script.copy().put("tls", tls.copy().put("protocols", "TLSv1.3")))));
        SSLParameters suite = new SSLParameters();
        suite.setProtocols(new String[] {"TLSv1.2"});
        suite.setCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
        JsonObject otherSuite =
                tls.copy().put("protocols", "TLSv1.2").put("cipherSuites", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
        tests.accept(test(
                name + "no cipher suite in common",
                "tls: cipher",
                () -> other(
                        Lab.tls(LabFault.none(), good, suite),
                        scheme,
                        script.copy().put("tls", otherSuite))));
        SSLParameters alpn = new SSLParameters();
        alpn.setApplicationProtocols(new String[] {"something"});
        tests.accept(test(
                name + "no application protocol in common",
                "tls: alpn",
                () -> other(
                        Lab.tls(LabFault.none(), good, alpn),
                        scheme,
                        script.copy().put("tls", tls.copy().put("alpn", "else")))));
    }

    private void quicCertificates(Consumer<DynamicTest> tests) {
        JsonObject script = script(stream()).put("tls", trusting());
        record Wrong(String reason, Issued issued) {}
        for (Wrong wrong : List.of(
                new Wrong("expired", certificates.expired()),
                new Wrong("not-yet-valid", certificates.notYetValid()),
                new Wrong("wrong-name", certificates.forName("example.org")),
                new Wrong("self-signed", certificates.selfSigned()),
                new Wrong("wrong-purpose", certificates.wrongPurpose()))) {
            JsonObject tls = new JsonObject().put("tls", wrong.issued().options());
            tests.accept(test("quic " + wrong.reason(), "tls: " + wrong.reason(), on("quic", tls, script)));
        }
        tests.accept(test("quic stranger", "tls: unknown-authority", on("quic", new JsonObject(), script(stream()))));
        JsonObject other = script.copy().put("tls", trusting().put("alpn", "other"));
        tests.accept(test("quic no application protocol in common", "tls: alpn", on("quic", new JsonObject(), other)));
    }

    private SSLContext context(Issued issued) {
        return certificates.serverContext(issued);
    }
}
