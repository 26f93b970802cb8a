package dev.vecho.launcher;

import dev.vecho.net.io.Io;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/**
 * What a command with sockets begins with, done on a thread of its own while picocli reads the command line: the logging, and Netty with its
 * native libraries. Together they take about as long as picocli.
 */
final class Preparation {

    private static final Set<String> COMMANDS = Set.of("serve", "check", "bench", "selftest");

    private static final Thread THREAD = new Thread(Preparation::run, "vecho-preparation");

    private Preparation() {}

    /** Begins with it, if the arguments look like those of a command that has sockets. */
    static void start(String[] args) {
        if (args.length > 0
                && COMMANDS.contains(args[0])
                && Stream.of(args).noneMatch(each -> each.equals("-h") || each.equals("--help"))) {
            THREAD.start();
        }
    }

    /** To be called before anything that logs, and before the process ends: a library would be left where it was unpacked. */
    static void await() {
        try {
            THREAD.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void run() {
        NativeLibraries.findDirectory();
        LoggerFactory.getLogger(Preparation.class);
        // Netty would make the directory, and a command is to say that it is missing.
        if (Files.isDirectory(Path.of(System.getProperty("java.io.tmpdir")))) {
            Io.available();
        }
    }
}
