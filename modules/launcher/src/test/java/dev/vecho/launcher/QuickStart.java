package dev.vecho.launcher;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What makes the start of a process cheaper, as the script {@code vecho} has it: an archive of classes, made once for all tests of
 * a build, and the quick compiler. Hundreds of processes are most of what the tests with processes cost.
 */
final class QuickStart {

    private static final int MAKING_SECONDS = 120;

    private static final String C1 = "-XX:TieredStopAtLevel=1";

    private static final List<String> LASTING = List.of("serve", "bench");

    private static final List<String> ARCHIVE = make();

    private QuickStart() {}

    /** Options for the JVM; the first ones, so that others have precedence. */
    static List<String> options(String... arguments) {
        List<String> options = new ArrayList<>(ARCHIVE);
        if (arguments.length > 0 && !LASTING.contains(arguments[0])) {
            options.add(C1);
        }
        return options;
    }

    private static List<String> make() {
        Path java = Vecho.java();
        Path jar = Path.of(Vecho.JAR);
        Path archive = Path.of("target", "tests-" + Integer.toHexString(java.hashCode()) + ".jsa");
        // The forks of the test run wait for the first one.
        try (FileChannel channel = FileChannel.open(
                        Path.of("target", "tests.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (lock.isValid()
                    && (!Files.exists(archive)
                            || Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) < 0)) {
                make(java, jar, archive);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // An archive that does not fit is left alone by the JVM, which is not to say so on standard output.
        return List.of("-XX:SharedArchiveFile=" + archive.toAbsolutePath(), "-Xlog:disable", "-Xlog:all=error:stderr");
    }

    private static void make(Path java, Path jar, Path archive) throws IOException {
        Path made = archive.resolveSibling(archive.getFileName() + ".new");
        Process process = new ProcessBuilder(
                        java.toString(), "-XX:ArchiveClassesAtExit=" + made, C1, "-jar", jar.toString(), "selftest")
                .redirectErrorStream(true)
                .redirectOutput(new File("target/tests-archive.log"))
                .start();
        try {
            if (!process.waitFor(MAKING_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("no archive of classes in " + MAKING_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        Files.move(made, archive, StandardCopyOption.REPLACE_EXISTING);
    }
}
