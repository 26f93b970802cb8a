package dev.vecho.net.tls;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;

/** What makes certificates is not on the class path of these tests. */
final class SelfSignedTest {

    @Test
    void saysWhichArtifactIsMissing() {
        Problems problems = new Problems();
        JsonObject listener = new JsonObject().put("selfSigned", true);
        TlsServer.read(new Options(listener, path -> Source.named("test.json"), problems), "localhost");
        assertThatThrownBy(problems::throwIfAny)
                .hasMessage("test.json: selfSigned: needs the artifact dev.vecho:vecho-selfsigned on the class path");
    }
}
