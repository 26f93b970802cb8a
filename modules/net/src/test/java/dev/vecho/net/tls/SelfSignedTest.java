package dev.vecho.net.tls;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What makes certificates is not on the class path of these tests. */
@ExtendWith(VertxExtension.class)
final class SelfSignedTest {

    @Test
    void saysWhichArtifactIsMissing(Vertx vertx) {
        Problems problems = new Problems();
        JsonObject listener = new JsonObject().put("selfSigned", true);
        TlsServer.read(vertx, new Options(listener, path -> Source.named("test.json"), problems), "localhost");
        assertThatThrownBy(problems::throwIfAny)
                .hasMessage("test.json: selfSigned: needs the artifact dev.vecho:vecho-selfsigned on the class path");
    }
}
