package dev.vecho.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.ForeignProgram;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Debian package, in a Debian of its own, and as Debian's tools see it. */
@Timeout(600)
class DebianPackageIT {

    @TempDir
    Path directory;

    @Test
    void isInstalledUsedUpgradedAndPurged() throws Exception {
        ForeignProgram.find("mmdebstrap", "apt-get install mmdebstrap");
        ForeignProgram.find("ip", "apt-get install iproute2");
        if (!Installed.run("id", "-u").strip().equals("0")) {
            throw ForeignProgram.missing("a root for the package takes root");
        }
        String said = Installed.run(
                Path.of("src/test/sh/install-use-purge").toString(),
                Installed.made("vecho_.*\\.deb").toString(),
                directory.resolve("root").toString());
        assertThat(said).endsWith("installed, used, upgraded and purged\n");
    }

    @Test
    void hasNothingThatLintianComplainsOf() throws Exception {
        ForeignProgram.find("lintian", "apt-get install lintian");
        String said = Installed.run(
                "lintian",
                "--allow-root",
                "--fail-on=error,warning",
                Installed.made("vecho_.*\\.deb").toString());
        assertThat(said).isEmpty();
    }

    /** Of 10, where less is better. */
    @Test
    void hasAServiceThatIsConfined() throws Exception {
        ForeignProgram.find("systemd-analyze", "apt-get install systemd");
        String service = Path.of("../../conf/vecho.service").toString();
        String said = Installed.run("systemd-analyze", "security", "--offline=true", "--threshold=17", service);
        Matcher level =
                Pattern.compile("exposure level for vecho.service: (\\S+)").matcher(said);
        assertThat(level.find()).isTrue();
        assertThat(level.group(1)).isEqualTo("1.7");
    }
}
