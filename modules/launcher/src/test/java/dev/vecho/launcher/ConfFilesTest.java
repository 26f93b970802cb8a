package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.server.Configuration;
import dev.vecho.server.EchoServerVerticle;
import dev.vecho.server.OpenListener;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The configurations that come with Vecho work as they are. */
@ExtendWith(VertxExtension.class)
class ConfFilesTest {

    private static final Path CONF = Path.of("..", "..", "conf");

    @TempDir
    Path directory;

    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(CONF)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .filter(file -> !file.toString().endsWith(".schema.json"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void opens(Path file, VertxTestContext test) throws IOException {
        // As the command does: on the best io, for some transports need it.
        Vertx vertx = Launch.vertx("auto");
        JsonObject configuration = new JsonObject(Files.readString(file));
        JsonObject listeners = configuration.getJsonObject("listeners");
        JsonObject freePorts = new JsonObject().put("listeners", onFreePorts(listeners));
        if (configuration.containsKey("management")) {
            freePorts.put("management", new JsonObject().put("port", 0));
        }
        Path overlay = Files.writeString(directory.resolve("free-ports.json"), freePorts.encode());
        Configuration.load(vertx, List.of(file, overlay))
                .compose(loaded -> {
                    EchoServerVerticle verticle = new EchoServerVerticle(loaded);
                    return vertx.deployVerticle(verticle)
                            .map(id -> verticle.listeners().stream()
                                    .map(OpenListener::name)
                                    .toList());
                })
                .eventually(vertx::close)
                .onComplete(test.succeeding(names -> test.verify(() -> {
                    if (hasIpv6()) {
                        assertThat(names).containsExactlyInAnyOrderElementsOf(listeners.fieldNames());
                    } else {
                        assertThat(listeners.fieldNames()).containsAll(names);
                    }
                    test.completeNow();
                })));
    }

    /** Those that have a port get any free one; those of IPv6 are switched off where there is none. */
    private static JsonObject onFreePorts(JsonObject listeners) throws IOException {
        JsonObject overlay = new JsonObject();
        for (String name : listeners.fieldNames()) {
            JsonObject listener = listeners.getJsonObject(name);
            JsonObject change = new JsonObject();
            if (listener.containsKey("port")) {
                change.put("port", 0);
            }
            if (!hasIpv6() && listener.getString("host", "").contains(":")) {
                change.put("enabled", false);
            }
            overlay.put(name, change);
        }
        return overlay;
    }

    private static boolean hasIpv6() throws IOException {
        return NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(address -> address instanceof Inet6Address && address.isLoopbackAddress());
    }
}
