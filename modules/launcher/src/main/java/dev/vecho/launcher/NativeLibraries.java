package dev.vecho.launcher;

import dev.vecho.net.io.Io;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a directory for Netty's native libraries: epoll and io_uring, OpenSSL, QUIC. Netty unpacks them from the jar, loads them
 * and deletes them. In a container the directory for temporary files may be read-only, or be mounted so that nothing can be
 * executed from it; then all of them would be missing.
 */
final class NativeLibraries {

    private static final String WORK_DIRECTORY = "io.netty.native.workdir";

    /** More than all of them together need. */
    private static final long ROOM_BYTES = 16 << 20;

    private static boolean found = true;

    /** What is to be logged of it. */
    private static Runnable told = () -> {};

    private NativeLibraries() {}

    private static boolean sought;

    /** Lets Netty use the first directory that will do, unless the user has chosen one. Call it before a class of Netty loads. */
    static synchronized void findDirectory() {
        if (sought || System.getProperty(WORK_DIRECTORY) != null || areInstalled()) {
            return;
        }
        sought = true;
        List<String> problems = new ArrayList<>();
        for (Path directory : candidates()) {
            Optional<String> problem = problem(directory);
            if (problem.isEmpty()) {
                if (!problems.isEmpty()) {
                    System.setProperty(WORK_DIRECTORY, directory.toString());
                    told = () -> log().info(
                                    "native libraries are unpacked to {}: {}", directory, String.join("; ", problems));
                }
                return;
            }
            problems.add(problem.get());
        }
        found = false;
        told = () -> log().warn(
                        "no place for native libraries, so there is no epoll, no io_uring, no OpenSSL and no QUIC: {};"
                                + " choose another with -D{}=DIRECTORY",
                        String.join("; ", problems),
                        WORK_DIRECTORY);
    }

    /** Logs where they go, if that is not the directory for temporary files, or why there is no place. */
    static synchronized void tellOfDirectory() {
        told.run();
    }

    /** Whether they are files, from where Netty loads them before it looks into the jar. */
    private static boolean areInstalled() {
        for (String directory : System.getProperty("java.library.path", "").split(File.pathSeparator, -1)) {
            String[] libraries = new File(directory).list((parent, name) -> name.startsWith("libnetty_"));
            if (libraries != null && libraries.length > 0) {
                return true;
            }
        }
        return false;
    }

    /** Says why a service runs on nio although nobody has chosen it; nothing on systems that have nothing better. */
    static synchronized void warnOfNio() {
        if (found && "Linux".equals(System.getProperty("os.name"))) {
            log().warn(
                            "runs on nio, for epoll cannot be had: {}",
                            Io.unavailable("epoll").orElse("no reason is known"));
        }
    }

    /** Made when it is needed: it would be the first use of the logging. */
    private static Logger log() {
        return LoggerFactory.getLogger(NativeLibraries.class);
    }

    /** The directory for temporary files, that of the jar, and the user's cache directories. */
    private static Set<Path> candidates() {
        Set<Path> all = new LinkedHashSet<>();
        all.add(Path.of(System.getProperty("java.io.tmpdir")));
        Path jar = Path.of(System.getProperty("java.class.path").split(System.getProperty("path.separator"), -1)[0])
                .toAbsolutePath()
                .getParent();
        if (jar != null) {
            all.add(jar);
        }
        String cache = System.getenv("XDG_CACHE_HOME");
        if (cache != null && Path.of(cache).isAbsolute()) {
            all.add(Path.of(cache));
        }
        all.add(Path.of(System.getProperty("user.home"), ".cache"));
        all.add(Path.of(System.getProperty("user.home")));
        return all;
    }

    /** Why no library can be loaded from a directory. */
    private static Optional<String> problem(Path directory) {
        Path probe = directory.resolve(".vecho-" + ProcessHandle.current().pid());
        try {
            try {
                Files.createFile(probe);
                if (probe.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                    Files.setPosixFilePermissions(probe, PosixFilePermissions.fromString("rwx------"));
                }
                if (!Files.isExecutable(probe)) {
                    return Optional.of(directory + ": mounted so that nothing can be executed (noexec)");
                }
                return directory.toFile().getUsableSpace() < ROOM_BYTES
                        ? Optional.of(directory + ": less than " + (ROOM_BYTES >> 20) + " MiB free")
                        : Optional.empty();
            } finally {
                Files.deleteIfExists(probe);
            }
        } catch (IOException e) {
            return Optional.of(directory + ": cannot be written: " + OwnFailure.reasonWithoutFile(e));
        }
    }
}
