package dev.vecho.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.vecho.testkit.ForeignProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The container image, made without a daemon, as a container of runc's. */
@Timeout(600)
class ContainerImageIT {

    @TempDir
    Path directory;

    @Test
    void runsReadOnlyAndConfined() throws Exception {
        ForeignProgram.find("mmdebstrap", "apt-get install mmdebstrap");
        ForeignProgram.find("python3", "apt-get install python3");
        ForeignProgram.find("runc", "apt-get install runc");
        if (!Installed.run("id", "-u").strip().equals("0")) {
            throw ForeignProgram.missing("a container takes root here");
        }
        String said = Installed.run(Path.of("src/test/sh/run-image").toString(), directory.toString());
        // A machine may be a container itself, and allow no other in it.
        assumeFalse(said.contains("no container runs on this machine"), said);
        assertThat(said).endsWith("ran as a container\n");
    }
}
