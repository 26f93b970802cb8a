package dev.vecho.management;

import dev.vecho.net.io.Io;
import io.netty.util.Version;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What runs here. */
final class Build {

    private static final String UNKNOWN = "unknown";

    private Build() {}

    /** Versions by name: of Vecho, Java, Vert.x and Netty; and the io that the instance is on. */
    static Map<String, String> of(Vertx vertx) {
        Map<String, String> all = new TreeMap<>();
        all.put(
                "version",
                Optional.ofNullable(Build.class.getPackage().getImplementationVersion())
                        .orElse(UNKNOWN));
        all.put("java", System.getProperty("java.version", UNKNOWN));
        all.put("vertx", vertxVersion());
        all.put(
                "netty",
                Optional.ofNullable(Version.identify().get("netty-common"))
                        .map(Version::artifactVersion)
                        .orElse(UNKNOWN));
        all.put("io", Io.of(vertx));
        return all;
    }

    private static String vertxVersion() {
        try (InputStream in = Vertx.class.getResourceAsStream("/META-INF/vertx/vertx-version.txt")) {
            return in == null ? UNKNOWN : new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
