package dev.vecho.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The archive, unpacked somewhere: its Java has the modules that Vecho and its libraries need, and its archive of classes fits. */
@Timeout(300)
class DistributionIT {

    @TempDir
    static Path directory;

    private static Path home;
    private static String vecho;

    @BeforeAll
    static void unpack() throws Exception {
        ForeignProgram.find("tar", "apt-get install tar");
        Path archive = Installed.made("vecho-.*\\.tar\\.gz");
        Path place = Files.createDirectories(directory.resolve("some where"));
        Installed.run("tar", "-C", place.toString(), "-xzf", archive.toString());
        try (Stream<Path> files = Files.list(place)) {
            home = files.findFirst().orElseThrow();
        }
        vecho = home.resolve("bin/vecho").toString();
    }

    /** {@code -Xshare:on} makes an archive that does not fit a failure. */
    @Test
    void hasAnArchiveOfClassesThatFitsWhereverItIs() throws Exception {
        assertThat(Installed.run(Map.of("VECHO_JAVA_OPTS", "-Xshare:on"), vecho, "--version"))
                .startsWith("vecho ");
        Path link = Files.createSymbolicLink(directory.resolve("vecho"), Path.of(vecho));
        assertThat(Installed.run(Map.of("VECHO_JAVA_OPTS", "-Xshare:on"), link.toString(), "--version"))
                .startsWith("vecho ");
    }

    @Test
    void runsEveryTransport() throws Exception {
        assertThat(Installed.run(vecho, "selftest"))
                .contains("h3://", "quic://", "tls://", "wss://", "udp://", "unix://", "bus://")
                .doesNotContain("failed");
    }

    /** Management, checks, access log, both engines of TLS and the cluster load what nothing else does. */
    @Test
    void servesEverything() throws Exception {
        String port = Integer.toString(Ports.free(5));
        Path configuration =
                Files.writeString(directory.resolve("all.yaml"), """
                listeners:
                  tls: { transport: tcp, host: 127.0.0.1, port: 0, tls: { selfSigned: true, engine: jdk } }
                  bus: { transport: eventbus, address: vecho.dist }
                management: { host: 127.0.0.1, port: 0 }
                accessLog: { file: %s }
                """.formatted(directory.resolve("access.log")));
        try (Installed.Service service = new Installed.Service(
                vecho,
                "serve",
                "-c",
                configuration.toString(),
                "--cluster",
                "--cluster-port",
                port,
                "--log-format",
                "json")) {
            String management = service.address("management");
            Installed.run(vecho, "check", "bus://vecho.dist", "--cluster", "--cluster-port", port);
            Installed.run(vecho, "check", "--insecure", "--tls-engine", "jdk", service.address("listener tls"));
            assertThat(Installed.run(vecho, "health", management)).contains("up");
            assertThat(Installed.run(vecho, "status", management)).contains("tls");
            assertThat(Installed.run("curl", "-sS", management + "/metrics")).contains("vecho_");
            service.terminate();
        }
        assertThat(directory.resolve("access.log")).content().contains("\"listener\":\"tls\"");
    }

    @Test
    void bringsManualCompletionExamplesAndLicenses() throws Exception {
        Path share = home.resolve("share");
        assertThat(share.resolve("man/man1/vecho-check.1")).isNotEmptyFile();
        assertThat(share.resolve("bash-completion/completions/vecho")).isNotEmptyFile();
        assertThat(share.resolve("zsh/vendor-completions/_vecho")).isNotEmptyFile();
        assertThat(share.resolve("doc/vecho/examples/vecho.json")).isNotEmptyFile();
        assertThat(share.resolve("doc/vecho/LICENSE")).isNotEmptyFile();
        assertThat(share.resolve("doc/vecho/licenses/license/LICENSE.boringssl.txt"))
                .isNotEmptyFile();
        assertThat(home.resolve("runtime/legal/java.base/LICENSE")).isNotEmptyFile();
    }
}
