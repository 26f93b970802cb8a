package dev.vecho.launcher;

import dev.vecho.core.config.InvalidInputException;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;

/**
 * Jars of other people's transports and services, which {@code java -jar} would leave out. Where somebody names such jars, the program
 * is loaded once more, together with them, so that whatever looks for what the class path has finds both.
 */
final class Plugins {

    /** Names one; may be given more than once. */
    static final String FLAG = "--plugin";

    /** Names some, separated as in a class path. */
    private static final String VARIABLE = "VECHO_CLASSPATH";

    private static final String NAME = "vecho with plugins";

    private Plugins() {}

    /**
     * The jars that the arguments and the environment name; none where this program was loaded together with them.
     *
     * @throws InvalidInputException with all that are no jars
     */
    static List<Path> named(String[] arguments) {
        List<Path> named = new ArrayList<>();
        if (NAME.equals(Plugins.class.getClassLoader().getName())) {
            return named;
        }
        List<String> problems = new ArrayList<>();
        String variable = System.getenv(VARIABLE);
        if (variable != null) {
            for (String file : variable.split(File.pathSeparator, -1)) {
                if (!file.isEmpty()) {
                    add(VARIABLE, file, named, problems);
                }
            }
        }
        for (int i = 0; i < arguments.length && !arguments[i].equals("--"); i++) {
            if (arguments[i].startsWith(FLAG + "=")) {
                add(FLAG, arguments[i].substring(FLAG.length() + 1), named, problems);
            } else if (arguments[i].equals(FLAG) && i + 1 < arguments.length) {
                add(FLAG, arguments[++i], named, problems);
            }
        }
        if (!problems.isEmpty()) {
            throw new InvalidInputException(problems);
        }
        return named;
    }

    private static void add(String source, String file, List<Path> named, List<String> problems) {
        try {
            Path path = Path.of(file);
            if (Files.isDirectory(path)) {
                named.add(path);
                return;
            }
            if (!Files.exists(path)) {
                problems.add(source + ": " + file + ": no such file");
                return;
            }
            new JarFile(path.toFile()).close();
            named.add(path);
        } catch (IOException | InvalidPathException e) {
            problems.add(source + ": " + file + ": must be a jar or a directory of classes: " + e.getMessage());
        }
    }

    /** Runs the program together with jars; returns only if that fails. */
    static void run(List<Path> jars, String[] arguments) throws ReflectiveOperationException, MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (String file : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            urls.add(Path.of(file).toUri().toURL());
        }
        for (Path jar : jars) {
            urls.add(jar.toUri().toURL());
        }
        // Never closed: it is the program's until its end.
        ClassLoader loader = new URLClassLoader(NAME, urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        loader.loadClass(Main.class.getName()).getMethod("main", String[].class).invoke(null, (Object) arguments);
    }
}
