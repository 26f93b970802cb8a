package dev.vecho.dist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Copies a jar without the native libraries of all platforms but one. */
final class PlatformJar {

    private static final Pattern NATIVE =
            Pattern.compile("META-INF/native/.+_(linux|osx|kqueue|epoll|io_uring42)_(.+)\\.\\w+");

    private PlatformJar() {}

    /**
     * Copies it.
     *
     * @param arguments the jar, the copy, and what the names of the libraries that it keeps end in, such as {@code x86_64.so}
     */
    public static void main(String[] arguments) throws IOException {
        String kept = arguments[2];
        try (ZipFile from = new ZipFile(arguments[0]);
                ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(Path.of(arguments[1])))) {
            for (Enumeration<? extends ZipEntry> entries = from.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                if (NATIVE.matcher(entry.getName()).matches()
                        && !entry.getName().endsWith(kept)) {
                    continue;
                }
                ZipEntry copy = new ZipEntry(entry.getName());
                copy.setTime(entry.getTime());
                to.putNextEntry(copy);
                try (var content = from.getInputStream(entry)) {
                    content.transferTo(to);
                }
            }
        }
    }
}
