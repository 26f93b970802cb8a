package dev.vecho.dist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Copies a jar without native libraries, and those of one platform into a directory. Netty loads them from there, so a Vecho that
 * was installed unpacks nothing, and needs no directory that can be written and executed from.
 */
final class PlatformJar {

    private static final String NATIVE = "META-INF/native/lib";

    private PlatformJar() {}

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
            for (Enumeration<? extends ZipEntry> entries = from.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                String name = entry.getName();
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
}
