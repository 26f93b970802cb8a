package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** {@code vecho selftest} as a process. */
class SelftestIT {

    @Test
    void checksEveryTransport() throws Exception {
        Result result = Vecho.run("selftest", "-o", "json");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.err()).isEmpty();
        JsonArray rows = new JsonObject(result.out()).getJsonArray("transports");
        Set<String> names = new TreeSet<>();
        Set<String> schemes = new TreeSet<>();
        for (int i = 0; i < rows.size(); i++) {
            JsonObject row = rows.getJsonObject(i);
            names.add(row.getString("transport"));
            schemes.add(row.getString("address").replaceFirst(":.*", ""));
            // A transport that this machine cannot run says so.
            assertThat(row.getString("verdict")).as(row.encode()).isIn("passed", "skipped");
        }
        assertThat(names)
                .containsExactly("eventbus", "grpc", "http", "quic", "stamp", "tcp", "udp", "unix", "websocket");
        assertThat(schemes).contains("http", "https", "h3");
    }
}
