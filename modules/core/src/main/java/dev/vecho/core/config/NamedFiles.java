package dev.vecho.core.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The files that a configuration names, such as certificates, each with a digest of its content. A digest is taken when
 * {@link Options#file} names the file, so before anybody reads it: a file that changes in between differs from its digest, and
 * is seen as changed. Not safe for use by several threads.
 */
public final class NamedFiles {

    private static final String ABSENT = "absent";
    private static final String NO_FILE = "no regular file";
    private static final String UNREADABLE = "unreadable";

    /** By the path of the key that names the file. */
    private final Map<String, Path> names = new TreeMap<>();

    private final Map<Path, String> digests = new TreeMap<>();

    void note(String keyPath, Path file) {
        Path absolute = file.toAbsolutePath().normalize();
        names.put(keyPath, absolute);
        digests.computeIfAbsent(absolute, NamedFiles::digest);
    }

    /** The files with their digests. */
    public Map<Path, String> digests() {
        return Map.copyOf(digests);
    }

    /** Those that a key and the keys below it name. */
    Map<Path, String> within(String keyPath) {
        Map<Path, String> within = new TreeMap<>();
        names.forEach((name, file) -> {
            if (keyPath.isEmpty()
                    || name.equals(keyPath)
                    || name.startsWith(keyPath + ".")
                    || name.startsWith(keyPath + "[")) {
                within.put(file, digests.getOrDefault(file, ABSENT));
            }
        });
        return within;
    }

    /** Reads files again. Blocks. */
    public static Map<Path, String> digests(Collection<Path> files) {
        Map<Path, String> now = new TreeMap<>();
        files.forEach(file -> now.put(file, digest(file)));
        return now;
    }

    /** What tells the content of a file from any other; says why where there is none. Follows symbolic links. */
    private static String digest(Path file) {
        if (!Files.isRegularFile(file)) {
            // A directory or a socket has no content to watch.
            return Files.exists(file) ? NO_FILE : ABSENT;
        }
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[8192];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            return UNREADABLE;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
