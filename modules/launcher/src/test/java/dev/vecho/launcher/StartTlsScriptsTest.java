package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.RunReport;
import dev.vecho.client.report.Diagnosis;
import dev.vecho.client.report.FailureKind;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The scripts in conf/check for servers that begin TLS on request, against the servers that they are written for. */
@Timeout(180)
class StartTlsScriptsTest {

    private static final Path SCRIPTS = Path.of("..", "..", "conf", "check");
    private static final List<Path> OF_ROOT = List.of(Path.of("/usr/sbin"), Path.of("/sbin"));

    @TempDir
    Path directory;

    private static Vertx vertx;

    @BeforeAll
    static void begin() {
        vertx = Launch.vertx("auto");
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    /** What runs as a child of a test, in the foreground. */
    private enum Server {
        POSTGRESQL {
            @Override
            Process start(StartTlsScriptsTest test, int port, Issued identity) throws Exception {
                ForeignProgram initdb = test.postgres("initdb");
                Path data = test.directory.resolve("data");
                List<String> user = isRoot()
                        ? List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
                        : List.of();
                Files.setPosixFilePermissions(identity.key(), PosixFilePermissions.fromString("rw-------"));
                if (isRoot()) {
                    // It does not run as root, and wants its key to be its own.
                    run(List.of("chown", "-R", "postgres", test.directory.toString()));
                }
                List<String> init = new ArrayList<>(user);
                init.addAll(List.of(
                        initdb.path().toString(), "-D", data.toString(), "-A", "trust", "--no-sync", "--no-locale"));
                run(init);
                List<String> command = new ArrayList<>(user);
                command.addAll(
                        List.of(test.postgres("postgres").path().toString(), "-D", data.toString(), "-p", "" + port));
                for (String setting : List.of(
                        "listen_addresses=127.0.0.1",
                        "unix_socket_directories=",
                        "fsync=off",
                        "ssl=on",
                        "ssl_cert_file=" + identity.certificate(),
                        "ssl_key_file=" + identity.key())) {
                    command.addAll(List.of("-c", setting));
                }
                return test.start(command);
            }
        },
        MYSQL {
            @Override
            Process start(StartTlsScriptsTest test, int port, Issued identity) throws Exception {
                // Without tables of accounts, which nobody needs for a handshake.
                String server = ForeignProgram.find("mariadbd", "apt-get install mariadb-server-core", OF_ROOT)
                        .path()
                        .toString();
                List<String> command = new ArrayList<>(List.of(
                        server,
                        "--no-defaults",
                        "--datadir=" + Files.createDirectory(test.directory.resolve("data")),
                        "--socket=" + test.directory.resolve("socket"),
                        "--bind-address=127.0.0.1",
                        "--port=" + port,
                        "--skip-grant-tables",
                        "--skip-innodb",
                        "--default-storage-engine=MyISAM",
                        "--ssl-cert=" + identity.certificate(),
                        "--ssl-key=" + identity.key()));
                if (isRoot()) {
                    command.add("--user=root");
                }
                return test.start(command);
            }
        },
        SMTP {
            @Override
            Process start(StartTlsScriptsTest test, int port, Issued identity) throws Exception {
                takesRoot("Postfix");
                String postfix = ForeignProgram.find("postfix", "apt-get install postfix", OF_ROOT)
                        .path()
                        .toString();
                Path etc = Files.createDirectory(test.directory.resolve("etc"));
                Path data = Files.createDirectory(test.directory.resolve("data"));
                run(List.of("chown", "postfix", data.toString()));
                Files.writeString(etc.resolve("main.cf"), """
                        compatibility_level = 3.6
                        queue_directory = %1$s
                        data_directory = %2$s
                        myhostname = localhost
                        mydestination =
                        inet_interfaces = 127.0.0.1
                        smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
                        smtpd_tls_security_level = may
                        smtpd_tls_cert_file = %3$s
                        smtpd_tls_key_file = %4$s
                        maillog_file = %5$s/log
                        maillog_file_prefixes = %5$s
                        """.formatted(
                                Files.createDirectory(test.directory.resolve("queue")),
                                data,
                                identity.certificate(),
                                identity.key(),
                                test.directory));
                Files.writeString(etc.resolve("master.cf"), """
                        127.0.0.1:%d inet n - n - - smtpd
                        tlsmgr unix - - n 1000? 1 tlsmgr
                        anvil unix - - n - 1 anvil
                        proxymap unix - - n - - proxymap
                        rewrite unix - - n - - trivial-rewrite
                        postlog unix-dgram n - n - 1 postlogd
                        """.formatted(port));
                return test.start(List.of(postfix, "-c", etc.toString(), "start-fg"));
            }
        },
        IMAP {
            @Override
            Process start(StartTlsScriptsTest test, int port, Issued identity) throws Exception {
                takesRoot("Dovecot");
                String dovecot = ForeignProgram.find("dovecot", "apt-get install dovecot-imapd", OF_ROOT)
                        .path()
                        .toString();
                Path file = Files.writeString(test.directory.resolve("dovecot.conf"), """
                        base_dir = %1$s/run
                        log_path = %1$s/log
                        protocols = imap
                        listen = 127.0.0.1
                        ssl = yes
                        ssl_cert = <%2$s
                        ssl_key = <%3$s
                        service imap-login {
                          inet_listener imap {
                            port = %4$d
                          }
                          inet_listener imaps {
                            port = 0
                          }
                        }
                        passdb {
                          driver = static
                          args = password=none
                        }
                        userdb {
                          driver = static
                          args = uid=nobody gid=nogroup home=%1$s
                        }
                        """.formatted(
                                test.directory, identity.certificate(), identity.key(), port));
                return test.start(List.of(dovecot, "-F", "-c", file.toString()));
            }
        },
        LDAP {
            @Override
            Process start(StartTlsScriptsTest test, int port, Issued identity) throws Exception {
                String slapd = ForeignProgram.find("slapd", "apt-get install slapd", OF_ROOT)
                        .path()
                        .toString();
                Path file = Files.writeString(
                        test.directory.resolve("slapd.conf"), """
                        TLSCertificateFile %s
                        TLSCertificateKeyFile %s
                        """.formatted(identity.certificate(), identity.key()));
                return test.start(List.of(slapd, "-d", "0", "-f", file.toString(), "-h", "ldap://127.0.0.1:" + port));
            }
        };

        /** One that it can read: slapd's GnuTLS takes no key of Java's for an elliptic curve. */
        Issued identity(Certificates certificates) {
            return this == LDAP ? certificates.localhostRsa() : certificates.localhost();
        }

        /** Starts it, or ends the test where it is not there. */
        abstract Process start(StartTlsScriptsTest test, int port, Issued identity) throws Exception;

        private static boolean isRoot() {
            return System.getProperty("user.name").equals("root");
        }

        private static void takesRoot(String program) {
            if (!isRoot()) {
                throw ForeignProgram.missing(program + " takes root");
            }
        }

        private static void run(List<String> command) throws Exception {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor()).as(said).isZero();
        }
    }

    private ForeignProgram postgres(String program) throws IOException {
        List<Path> versions = new ArrayList<>();
        Path all = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(all)) {
            try (Stream<Path> found = Files.list(all)) {
                found.map(each -> each.resolve("bin")).forEach(versions::add);
            }
        }
        return ForeignProgram.find(program, "apt-get install postgresql", versions);
    }

    private Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private String said() throws IOException {
        StringBuilder said = new StringBuilder();
        for (String name : List.of("output", "log")) {
            Path file = directory.resolve(name);
            said.append(Files.exists(file) ? Files.readString(file) : "");
        }
        return said.toString();
    }

    private void awaitPort(Process server, int port) throws Exception {
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60); ; TimeUnit.MILLISECONDS.sleep(20)) {
            try {
                new Socket("127.0.0.1", port).close();
                return;
            } catch (IOException refused) {
                assertThat(server.isAlive()).as("it runs: " + said()).isTrue();
                assertThat(System.nanoTime()).as(said()).isLessThan(end);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void beginsTlsAndNamesWhatIsWrongWithACertificate(Server kind) throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Certificates certificates = new Certificates(directory);
        JsonObject trust =
                new JsonObject().put("trust", certificates.authority().toString());
        int port = Ports.free();
        Process server = kind.start(this, port, kind.identity(certificates));
        try {
            awaitPort(server, port);
            RunReport passed = play(kind, port, trust);
            assertThat(passed.cases())
                    .extracting(each -> each.rounds().get(0).details().get("protocol"))
                    .as(passed.toJson().encodePrettily() + said())
                    .containsExactly("TLSv1.2", "TLSv1.3");
            assertThat(passed.passed()).as(passed.toJson().encodePrettily()).isTrue();
            assertFailed(play(kind, port, new JsonObject()), "unknown-authority");
            assertFailed(play(kind, port, trust.copy().put("serverName", "other.example")), "wrong-name");
        } finally {
            end(server);
        }
    }

    @Test
    void saysThatACertificateHasExpired() throws Exception {
        Certificates certificates = new Certificates(directory);
        int port = Ports.free();
        Process server = Server.IMAP.start(this, port, certificates.expired());
        try {
            awaitPort(server, port);
            JsonObject trust =
                    new JsonObject().put("trust", certificates.authority().toString());
            assertFailed(play(Server.IMAP, port, trust), "expired");
        } finally {
            end(server);
        }
    }

    private static void assertFailed(RunReport report, String reason) {
        assertThat(report.cases()).hasSize(2).allSatisfy(each -> {
            Diagnosis diagnosis = Objects.requireNonNull(each.rounds().get(0).diagnosis());
            assertThat(diagnosis.word()).as(diagnosis.sentence()).isEqualTo(FailureKind.TLS);
            assertThat(diagnosis.kind()).as(diagnosis.sentence()).isEqualTo("tls: " + reason);
        });
    }

    private static RunReport play(Server kind, int port, JsonObject tls) throws Exception {
        Path file = SCRIPTS.resolve(kind.name().toLowerCase(Locale.ROOT) + ".json");
        JsonObject script = new JsonObject(Files.readString(file)).put("tls", tls);
        script.getJsonObject("variables").remove("insecure");
        Run run = Run.open(
                        vertx,
                        Script.parse(
                                script.toBuffer(),
                                new Source(file.toString(), SCRIPTS, false),
                                Map.of("host", "localhost", "port", Integer.toString(port)),
                                Source.named("test")))
                .await(60, TimeUnit.SECONDS);
        return run.play(RunListener.NONE).await(60, TimeUnit.SECONDS);
    }

    /** With all that it has started. */
    private static void end(Process server) throws Exception {
        List<ProcessHandle> all = Stream.concat(Stream.of(server.toHandle()), server.descendants())
                .toList();
        all.forEach(ProcessHandle::destroy);
        for (ProcessHandle each : all) {
            each.onExit()
                    .orTimeout(30, TimeUnit.SECONDS)
                    .exceptionally(late -> {
                        each.destroyForcibly();
                        return each;
                    })
                    .join();
        }
    }
}
