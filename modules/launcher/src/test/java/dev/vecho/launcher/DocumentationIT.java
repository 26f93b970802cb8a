package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Page.Block;
import dev.vecho.launcher.Page.Command;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.NetworkNamespace;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The documentation is true: its commands print what it shows ({@link Page} says which are run, {@link Shown} how they are
 * compared), its links lead somewhere, and the classes that it names exist.
 *
 * <p>{@code -Dvecho.docs.only=check.md} runs one page; {@code -Dvecho.docs.update=true} writes what was printed into the pages
 * where that differs, for an author to read.
 */
class DocumentationIT {

    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
    private static final String ONLY = System.getProperty("vecho.docs.only", "");
    private static final boolean UPDATE = Boolean.getBoolean("vecho.docs.update");

    /** Pages run at the same time: what they do is mostly to wait for processes to start. */
    private static final int AT_ONCE = 2;

    private static final Pattern CLASS = Pattern.compile("[A-Z][a-z][A-Za-z0-9]*(\\.[A-Z][A-Za-z0-9]*)*");

    private static final Pattern SERVER = Pattern.compile("conf/[a-z-]+\\.(json|py)");

    /** Words in backticks that look like a class. */
    private static final Set<String> NO_CLASSES = Set.of("Alt-Svc", "Content-Type", "Content-Encoding", "Host");

    @TempDir
    static Path directory;

    private static final ExecutorService RUNNERS = Executors.newFixedThreadPool(AT_ONCE);

    @AfterAll
    static void end() {
        RUNNERS.shutdownNow();
    }

    @TestFactory
    Stream<DynamicTest> commandsPrintWhatIsShown() throws Exception {
        for (String program : List.of("bash", "curl", "ncat", "openssl", "python3", "ss")) {
            ForeignProgram.find(program, "see .ci/run");
        }
        NetworkNamespace.create().close();
        Path home = checkout();
        Map<Page, CompletableFuture<List<String>>> running = new LinkedHashMap<>();
        for (Page page : pages()) {
            if (page.file().endsWith(ONLY.isEmpty() ? page.file().getFileName().toString() : ONLY)
                    && page.blocks().stream().anyMatch(block -> block.run() && block.isConsole())) {
                running.put(page, CompletableFuture.supplyAsync(() -> differences(home, page), RUNNERS));
            }
        }
        assertThat(running).isNotEmpty();
        return running.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(
                        ROOT.relativize(entry.getKey().file()).toString(),
                        () -> assertThat(entry.getValue().get(5, TimeUnit.MINUTES))
                                .isEmpty()));
    }

    @Test
    void blocksAreRunOrSayWhyNot() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (Page page : pages()) {
            for (Block block : page.blocks()) {
                boolean drawing =
                        block.language().equals("text") || block.language().equals("mermaid");
                if (block.run() && !block.isConsole() && !block.isFile() && !drawing) {
                    wrong.add(page.place(block.first() - 1) + ": neither run, nor a file, nor excused");
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void linksLeadSomewhere() throws Exception {
        List<String> broken = new ArrayList<>();
        for (Page page : pages()) {
            for (String link : page.links()) {
                int hash = link.indexOf('#');
                String path = hash < 0 ? link : link.substring(0, hash);
                Path target = path.isEmpty()
                        ? page.file()
                        : page.file().resolveSibling(path).normalize();
                if (!Files.exists(target)) {
                    broken.add(page.file() + ": " + link);
                } else if (hash >= 0 && !Page.read(target).anchors().contains(link.substring(hash + 1))) {
                    broken.add(page.file() + ": " + link + " has no such heading");
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    /** Nobody should have to guess which configuration a script is for. */
    @Test
    void scriptsNameWhatAnswersThem() throws Exception {
        Page page = Page.read(ROOT.resolve("docs/check.md"));
        try (Stream<Path> files = Files.list(ROOT.resolve("conf/check"))) {
            for (Path file : files.filter(file -> !file.toString().endsWith(".schema.json"))
                    .toList()) {
                String description = new JsonObject(Files.readString(file)).getString("description", "");
                List<String> servers = SERVER.matcher(description)
                        .results()
                        .map(match -> match.group())
                        .toList();
                assertThat(servers).as(file + ": " + description).allMatch(name -> Files.exists(ROOT.resolve(name)));
                // StartTlsScriptsTest has servers of others.
                assertThat(!servers.isEmpty()
                                || description.contains("nothing listens")
                                || description.contains("Vecho serves no such protocol: try it against "))
                        .as(file + ": " + description)
                        .isTrue();
                assertThat(page.code()).contains(file.getFileName().toString());
                assertThat(String.join("\n", page.lines())).contains("-s conf/check/" + file.getFileName());
            }
        }
    }

    @Test
    void namesClassesThatExist() throws Exception {
        Set<String> known = classes();
        List<String> unknown = new ArrayList<>();
        for (String name : List.of("ARCHITECTURE.md", "UPGRADING.md", "RATIONALE.md", "CONTRIBUTING.md")) {
            for (String code : Page.read(ROOT.resolve(name)).code()) {
                if (CLASS.matcher(code).matches()
                        && !NO_CLASSES.contains(code)
                        && !known.contains(code.substring(code.lastIndexOf('.') + 1))) {
                    unknown.add(name + ": " + code);
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    /** What differs on a page from what it shows. */
    private static List<String> differences(Path home, Page page) {
        List<String> differences = new ArrayList<>();
        List<String> updated = new ArrayList<>(page.lines());
        try (PageShell shell = new PageShell(session(home, page))) {
            List<Command> commands = new ArrayList<>();
            Map<Command, List<String>> printed = new LinkedHashMap<>();
            for (Block block : page.blocks()) {
                if (!block.run()) {
                    continue;
                }
                if (block.isFile()) {
                    Path file = directory(home, page).resolve(block.name());
                    Files.createDirectories(file.getParent());
                    Files.write(file, page.content(block));
                } else if (block.isConsole()) {
                    for (Command command : page.commands(block)) {
                        List<String> shown = page.lines().subList(command.first(), command.last());
                        List<String> lines = shell.run(command.text(), shown);
                        if (!Shown.matches(shown, lines)) {
                            differences.add(String.join(
                                    "\n",
                                    page.place(command.first() - 1) + ": $ " + command.text(),
                                    "shown:",
                                    String.join("\n", shown),
                                    "printed:",
                                    String.join("\n", lines)));
                            commands.add(0, command);
                            printed.put(command, lines);
                        }
                    }
                }
            }
            if (UPDATE && !commands.isEmpty()) {
                for (Command command : commands) {
                    List<String> old = updated.subList(command.first(), command.last());
                    old.clear();
                    old.addAll(printed.get(command));
                }
                Files.write(page.file(), updated);
            }
        } catch (Exception e) {
            throw new AssertionError(page.file() + ": " + e, e);
        }
        return differences;
    }

    /** What a user has after the build: the script and the jar. The archive of classes that it makes serves all pages. */
    private static Path checkout() throws Exception {
        Path home = Files.createDirectories(directory.resolve("checkout"));
        Path module = home.resolve("modules/launcher");
        Files.createDirectories(module.resolve("target"));
        Files.createDirectories(module.resolve("src/main"));
        Files.writeString(home.resolve("pom.xml"), "");
        Files.writeString(module.resolve("pom.xml"), "");
        Files.copy(ROOT.resolve("vecho"), home.resolve("vecho"));
        Files.copy(Path.of(Vecho.JAR), module.resolve("target/vecho.jar"));
        ProcessBuilder first = new ProcessBuilder(home.resolve("vecho").toString(), "--version");
        assertThat(first.start().waitFor()).isZero();
        return home;
    }

    private static Path directory(Path home, Page page) {
        return home.resolveSibling(ROOT.relativize(page.file()).toString().replace('/', '-'));
    }

    /** A directory in which a page's commands run: what they write does not meet that of another page. */
    private static Path session(Path home, Page page) throws IOException {
        Path session = Files.createDirectories(directory(home, page));
        Files.createSymbolicLink(session.resolve("vecho"), home.resolve("vecho"));
        Files.createSymbolicLink(session.resolve("modules"), home.resolve("modules"));
        for (String part : List.of("conf", "docs")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(part))) {
                for (Path file : files.toList()) {
                    Files.copy(file, session.resolve(ROOT.relativize(file)));
                }
            }
        }
        return session;
    }

    private static List<Page> pages() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path place : List.of(ROOT, ROOT.resolve("docs"), ROOT.resolve("conf"))) {
            try (Stream<Path> all = Files.list(place)) {
                all.filter(file -> file.toString().endsWith(".md")).forEach(files::add);
            }
        }
        try (Stream<Path> modules = Files.list(ROOT.resolve("modules"))) {
            modules.map(module -> module.resolve("README.md"))
                    .filter(Files::exists)
                    .forEach(files::add);
        }
        List<Page> pages = new ArrayList<>();
        for (Path file : files.stream().sorted().toList()) {
            pages.add(Page.read(file));
        }
        return pages;
    }

    /** The simple names of all classes: of Vecho with its tests, of what it uses, and of Java. */
    private static Set<String> classes() throws IOException {
        Set<String> names = new HashSet<>();
        try (Stream<Path> files = Files.walk(ROOT.resolve("modules"))) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java") || name.endsWith(".class"))
                    .forEach(name -> add(names, name.substring(0, name.lastIndexOf('.'))));
        }
        try (JarFile jar = new JarFile(Vecho.JAR)) {
            jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.endsWith(".class"))
                    .forEach(name -> add(names, name.substring(name.lastIndexOf('/') + 1, name.length() - 6)));
        }
        try (Stream<Path> files =
                Files.walk(FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules"))) {
            files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith(".class"))
                    .forEach(name -> add(names, name.substring(0, name.length() - 6)));
        }
        return names;
    }

    /** A nested class is known by its own name. */
    private static void add(Set<String> names, String name) {
        names.add(name.substring(name.lastIndexOf('$') + 1));
    }
}
