package dev.vecho.dist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Copies a jar for one platform and one Java. Native libraries of that platform go into a directory: Netty loads them from there, so a
 * Vecho that was installed unpacks nothing, and needs no directory that can be written and executed from. Of classes that the jar has
 * for several versions of Java, the copy has the one that is right for the Java that makes it.
 */
final class PlatformJar {

    private static final String NATIVE = "META-INF/native/lib";

    private static final Pattern VERSIONED = Pattern.compile("META-INF/versions/(\\d+)/(.+)");

    /** Tables of a signature that nobody uses in TLS, a megabyte of them. */
    private static final String PICNIC = "org/bouncycastle/pqc/legacy/picnic/lowmc";

    private PlatformJar() {}

    /** An entry, and the Java that it is for; 0 for any. */
    private record Chosen(ZipEntry entry, int version) {}

    /**
     * Copies it.
     *
     * @param arguments the jar, the copy, what the names of the platform's libraries end in, such as {@code _x86_64.so}, and the
     *     directory for them
     */
    public static void main(String[] arguments) throws IOException {
        String platform = arguments[2];
        Path libraries = Files.createDirectories(Path.of(arguments[3]));
        try (ZipFile from = new ZipFile(arguments[0]);
                ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(Path.of(arguments[1])))) {
            to.setLevel(Deflater.BEST_COMPRESSION);
            for (Map.Entry<String, Chosen> each : chosen(from).entrySet()) {
                String name = each.getKey();
                ZipEntry entry = each.getValue().entry();
                try (var content = from.getInputStream(entry)) {
                    if (!name.startsWith(NATIVE)) {
                        ZipEntry copy = new ZipEntry(name);
                        copy.setTime(entry.getTime());
                        to.putNextEntry(copy);
                        content.transferTo(to);
                    } else if (name.endsWith(platform)) {
                        Files.copy(content, libraries.resolve(name.substring(name.lastIndexOf('/') + 1)));
                    }
                }
            }
        }
    }

    /** What the copy is to have, by name. */
    private static Map<String, Chosen> chosen(ZipFile jar) {
        int java = Runtime.version().feature();
        Map<String, Chosen> chosen = new LinkedHashMap<>();
        for (ZipEntry entry : Collections.list(jar.entries())) {
            Matcher versioned = VERSIONED.matcher(entry.getName());
            int version = versioned.matches() ? Integer.parseInt(versioned.group(1)) : 0;
            String name = version == 0 ? entry.getName() : versioned.group(2);
            if (version <= java && !name.startsWith(PICNIC) && !name.startsWith("META-INF/versions/")) {
                chosen.merge(
                        name,
                        new Chosen(entry, version),
                        (one, other) -> one.version() > other.version() ? one : other);
            }
        }
        return chosen;
    }
}
