package dev.vecho.testkit;

import dev.vecho.net.io.Io;
import io.netty.handler.ssl.OpenSsl;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.provider.Arguments;

/** What this machine has for TLS over TCP: each io together with an engine, as arguments for a class of tests. */
public final class TlsEngines {

    private TlsEngines() {}

    /** Every io with every engine. */
    public static List<Arguments> onEveryIo() {
        List<Arguments> all = new ArrayList<>();
        for (String io : Io.available()) {
            for (String engine : available()) {
                all.add(Arguments.of(io, engine));
            }
        }
        return all;
    }

    /** Every io with the fastest engine, and the others on one. */
    public static List<Arguments> onOneIo() {
        List<Arguments> some = new ArrayList<>();
        for (String io : Io.available()) {
            some.add(Arguments.of(io, fastest()));
        }
        for (String engine : available()) {
            if (!engine.equals(fastest())) {
                some.add(Arguments.of("nio", engine));
            }
        }
        return some;
    }

    /** The engines, by their names in a configuration. */
    public static List<String> available() {
        return OpenSsl.isAvailable() ? List.of("jdk", "openssl") : List.of("jdk");
    }

    /** The engine to prefer. */
    public static String fastest() {
        return OpenSsl.isAvailable() ? "openssl" : "jdk";
    }
}
