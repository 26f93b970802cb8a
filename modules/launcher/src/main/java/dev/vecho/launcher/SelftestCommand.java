package dev.vecho.launcher;

import dev.vecho.client.Check;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.TestableTransport;
import dev.vecho.core.Transport;
import dev.vecho.core.Transport.Framing;
import dev.vecho.core.Transports;
import dev.vecho.core.config.Source;
import dev.vecho.net.io.Io;
import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.SelfSigned;
import dev.vecho.server.EchoServerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vecho selftest}: opens every transport on loopback and checks each through real sockets. */
@Command(
        name = "selftest",
        description = {
            "Opens every transport on loopback, with fresh certificates and free ports, checks each through "
                    + "real sockets with several payloads, and prints a table of results."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:every transport that can run here passed",
            "1:one failed",
            "2:wrong usage",
            Main.ITSELF_FAILED
        })
final class SelftestCommand implements Callable<Integer> {

    private static final int LARGE_BYTES = 1 << 20;
    private static final int ROUND_TRIPS = 5;
    private static final Source SELFTEST = Source.named("selftest");

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-o", "--output"},
            paramLabel = Output.NAMES,
            defaultValue = "text",
            description = "What standard output gets. Default: ${DEFAULT-VALUE}")
    private Output output = Output.text;

    /**
     * What was found out about one address.
     *
     * @param roundTripMillis the shortest of one byte; NaN where there is none
     * @param bytesPerSecond of the large payload, there and back counted once; NaN where there is none
     * @param reason why it was skipped or failed, or empty
     */
    private record Result(
            String transport,
            String address,
            String verdict,
            double roundTripMillis,
            double bytesPerSecond,
            String reason) {

        JsonObject toJson() {
            JsonObject json = new JsonObject()
                    .put("transport", transport)
                    .put("address", address)
                    .put("verdict", verdict);
            if (!Double.isNaN(roundTripMillis)) {
                json.put("roundTripMillis", roundTripMillis).put("bytesPerSecond", Math.round(bytesPerSecond));
            }
            return reason.isEmpty() ? json : json.put("reason", reason);
        }

        /** A line of the table: what may be long comes last. */
        String toRow() {
            String figures = Double.isNaN(roundTripMillis)
                    ? " ".repeat(27)
                    : String.format(Locale.ROOT, "%9.3f ms %8.1f MiB/s", roundTripMillis, bytesPerSecond / (1 << 20));
            return String.format(Locale.ROOT, "%-10s %-8s %s  %s %s", transport, verdict, figures, address, reason)
                    .stripTrailing();
        }
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        Main main = (Main) spec.root().userObject();
        Path directory = temporaryDirectory();
        Vertx vertx = Launch.vertx(Io.AUTO);
        List<Result> results = new ArrayList<>();
        try {
            Identity identity = SelfSigned.find().orElseThrow().issue("localhost");
            Path certificate = writeCertificate(directory, identity);
            JsonObject tls = new JsonObject()
                    .put("certificate", certificate.toString())
                    .put("key", writeKey(directory, identity).toString());
            if (output == Output.text) {
                out.printf("%-10s %-8s %12s %14s  %s%n", "transport", "verdict", "round trip", "throughput", "address");
            }
            Transports transports = Transports.load();
            for (String name : transports.names()) {
                if (main.output().hasFailed()) {
                    break;
                }
                Transport transport = transports.named(name).orElseThrow();
                for (Result result : test(vertx, transport, directory, tls, certificate)) {
                    results.add(result);
                    if (output == Output.text) {
                        out.println(result.toRow());
                    }
                }
            }
        } finally {
            vertx.close().await();
            delete(directory);
        }
        boolean failed = results.stream().anyMatch(result -> result.verdict().equals("failed"));
        if (output == Output.json) {
            JsonArray rows = new JsonArray();
            results.forEach(result -> rows.add(result.toJson()));
            out.println(new JsonObject()
                    .put("version", 1)
                    .put("verdict", failed ? "failed" : "passed")
                    .put("transports", rows)
                    .encodePrettily());
        }
        return failed ? Main.FAILED_CHECK : 0;
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("vecho-selftest-");
        } catch (IOException e) {
            throw unwritable(Path.of(System.getProperty("java.io.tmpdir")), e);
        }
    }

    private static OwnFailure unwritable(Path file, IOException failure) {
        return new OwnFailure(
                file + ": cannot be written: " + OwnFailure.reasonWithoutFile(failure)
                        + "; choose another directory for temporary files with -Djava.io.tmpdir=DIRECTORY",
                failure);
    }

    private static List<Result> test(
            Vertx vertx, Transport transport, Path directory, JsonObject tls, Path certificate) {
        Optional<String> unavailable = transport.unavailable(vertx);
        if (unavailable.isPresent()) {
            return List.of(new Result(transport.name(), "-", "skipped", Double.NaN, Double.NaN, unavailable.get()));
        }
        List<Result> results = new ArrayList<>();
        List<JsonObject> listeners = transport instanceof TestableTransport testable
                ? testable.selftests(directory, tls)
                : TestableTransport.onAnyPort();
        for (JsonObject options : listeners) {
            JsonObject configuration = new JsonObject()
                    .put("drainMillis", 0)
                    .put("listeners", new JsonObject().put("selftest", options.put("transport", transport.name())));
            EchoServerVerticle server = new EchoServerVerticle();
            try {
                String deployment = vertx.deployVerticle(server, new DeploymentOptions().setConfig(configuration))
                        .await();
                for (String address : server.listeners().get(0).addresses()) {
                    results.add(check(vertx, transport.name(), address, certificate));
                }
                vertx.undeploy(deployment).await();
            } catch (Exception e) {
                // Whatever it was, the others are still to be tested.
                results.add(failure(transport.name(), "-", String.valueOf(e.getMessage())));
            }
        }
        return results;
    }

    /** Checks an address with an empty payload, one byte, several times, and as much as fits, at most 1 MiB. */
    private static Result check(Vertx vertx, String transport, String address, Path certificate) {
        String scheme = address.substring(0, address.indexOf(':'));
        Transport connecting = Transports.load().ofScheme(scheme).orElseThrow();
        boolean messages = connecting.framing() == Framing.MESSAGES;
        int large = messages ? Math.min(LARGE_BYTES, connecting.maxMessageBytes()) : LARGE_BYTES;
        Script script = Script.standard()
                .withTargets(List.of(address), SELFTEST)
                .withTimeout(Duration.ofSeconds(5))
                .withTls(new JsonObject().put("trust", certificate.toString()), SELFTEST);
        double shortest = Double.POSITIVE_INFINITY;
        for (int round = 0; round <= ROUND_TRIPS; round++) {
            // The first one warms up.
            Report report = play(vertx, script.withSize(1));
            if (!report.passed()) {
                return failure(transport, address, sentence(report));
            }
            shortest = Math.min(shortest, round == 0 ? shortest : longestMillis(report));
        }
        Report empty = play(vertx, script.withSize(0));
        Report whole = play(vertx, script.withSize(large));
        for (Report report : List.of(empty, whole)) {
            if (!report.passed()) {
                return failure(transport, address, sentence(report));
            }
        }
        return new Result(transport, address, "passed", shortest, large / longestMillis(whole) * 1000, "");
    }

    private static Report play(Vertx vertx, Script script) {
        Check check = Check.open(vertx, script).await().get(0);
        return check.play(1).eventually(check::close).await();
    }

    private static double longestMillis(Report report) {
        return report.roundTrips().max().toNanos() / 1e6;
    }

    private static String sentence(Report report) {
        Diagnosis diagnosis = Objects.requireNonNull(report.diagnosis());
        return diagnosis.word() + ": " + diagnosis.sentence();
    }

    private static Result failure(String transport, String address, String reason) {
        return new Result(transport, address, "failed", Double.NaN, Double.NaN, reason);
    }

    private static Path writeCertificate(Path directory, Identity identity) throws CertificateEncodingException {
        return write(
                directory.resolve("certificate.pem"),
                "CERTIFICATE",
                identity.chain().get(0).getEncoded());
    }

    private static Path writeKey(Path directory, Identity identity) {
        return write(directory.resolve("key.pem"), "PRIVATE KEY", identity.key().getEncoded());
    }

    private static Path write(Path file, String type, byte[] content) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        try {
            return Files.writeString(
                    file,
                    "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n",
                    StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
