package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service whose jar is replaced while it runs: it loads classes that it has not needed before, and stops when it is told to. */
@Timeout(180)
class ReplacedJarIT {

    @TempDir
    Path directory;

    private Path home;
    private Path jar;
    private Path configuration;

    /** A checkout that has been built. What its own launcher would be built from is left out, so that a build takes seconds. */
    @BeforeEach
    void checkout() throws Exception {
        home = Files.createDirectories(directory.resolve("checkout"));
        Path module = home.resolve("modules/launcher");
        jar = module.resolve("target/vecho.jar");
        Files.createDirectories(jar.getParent());
        Files.createDirectories(module.resolve("src/main"));
        Files.copy(Path.of("../../vecho"), home.resolve("vecho"));
        String parent = Files.readString(Path.of("../../pom.xml"))
                .replaceFirst(
                        "(?s)<dependency>\\s*<groupId>dev.vecho</groupId>\\s*<artifactId>vecho-bom<.*?</dependency>",
                        "");
        Files.writeString(home.resolve("pom.xml"), parent);
        String pom = Files.readString(Path.of("pom.xml")).replaceFirst("(?s)<dependencies>.*?</dependencies>", "");
        Files.writeString(module.resolve("pom.xml"), pom);
        Files.copy(Path.of(Vecho.JAR), jar);
        configuration = directory.resolve("vecho.json");
        listeners("tcp", "tls", "web");
    }

    private void listeners(String... names) throws IOException {
        JsonObject listeners = new JsonObject();
        for (String name : names) {
            JsonObject listener = new JsonObject().put("host", "127.0.0.1").put("port", 0);
            switch (name) {
                case "tls" -> listener.put("transport", "tcp").put("tls", new JsonObject().put("selfSigned", true));
                case "web" -> listener.put("transport", "http");
                default -> listener.put("transport", name);
            }
            listeners.put(name, listener);
        }
        JsonObject content = new JsonObject().put("configScanMillis", 0).put("listeners", listeners);
        Files.writeString(configuration, content.encode());
    }

    /** By hand; what it has opened goes on. */
    @Test
    void runsOnWhenMavenBuildsAnother() throws Exception {
        try (Vecho vecho = Vecho.startWithin(List.of(), jar, "serve", "-c", configuration.toString())) {
            vecho.awaitLine("ready");
            build();
            assertServes(vecho, vecho.address("tcp"), vecho.address("tls"), vecho.address("web"));
        }
    }

    /** What was started by the script may be told of new listeners, too, even where the jar was overwritten. */
    @Test
    void reloadsFromItsCopyWhenTheJarIsOverwritten() throws Exception {
        String script = home.resolve("vecho").toString();
        try (Vecho vecho = Vecho.startProgram(script, "serve", "-c", configuration.toString())) {
            vecho.awaitLine("ready");
            Files.write(jar, new byte[1 << 20]);
            listeners("tcp", "tls", "web", "udp");
            vecho.signal("HUP");
            String opened = vecho.awaitLine("reloaded listeners.udp: opened ");
            String udp = opened.substring(opened.lastIndexOf(' ') + 1);
            assertServes(vecho, vecho.address("tcp"), vecho.address("tls"), vecho.address("web"), udp);
        }
    }

    /** Copies that nobody needs any more do not gather. */
    @Test
    void keepsTheCopiesThatProcessesRunFrom() throws Exception {
        ForeignProgram.find("ps", "apt-get install procps");
        ForeignProgram script = ForeignProgram.find("sh", "it is part of every Unix");
        String path = home.resolve("vecho").toString();
        try (Vecho vecho = Vecho.startProgram(path, "serve", "-c", configuration.toString())) {
            vecho.awaitLine("ready");
            rebuild();
            assertThat(script.run(new byte[0], path, "--version").exitCode()).isZero();
            assertThat(copies()).hasSize(2);
            vecho.terminate();
            assertThat(vecho.await().exitCode()).isZero();
        }
        rebuild();
        assertThat(script.run(new byte[0], path, "--version").exitCode()).isZero();
        assertThat(copies()).hasSize(1);
    }

    /** As a build does it, with the same classes. */
    private void rebuild() throws IOException {
        Path next = Files.copy(Path.of(Vecho.JAR), jar.resolveSibling("next.jar"));
        Files.move(next, jar, StandardCopyOption.ATOMIC_MOVE);
    }

    private List<Path> copies() throws IOException {
        try (Stream<Path> copies = Files.list(jar.resolveSibling("run"))) {
            return copies.toList();
        }
    }

    private void build() throws Exception {
        ForeignProgram maven = ForeignProgram.find("mvn", "apt-get install maven");
        String repository = System.getProperty("localRepository", System.getProperty("user.home") + "/.m2/repository");
        ForeignProgram.Result built = maven.run(
                new byte[0],
                "-B",
                "-q",
                "-o",
                "-f",
                home.resolve("modules/launcher/pom.xml").toString(),
                "-Dmaven.repo.local=" + repository,
                "-Dvecho.quick",
                "-Dmaven.test.skip=true",
                "package");
        assertThat(built.exitCode()).as(built.text() + built.err()).isZero();
        assertThat(Files.size(jar)).isNotEqualTo(Files.size(Path.of(Vecho.JAR)));
    }

    /** A connection needs classes that were not needed before, and so does the end. */
    private static void assertServes(Vecho vecho, String... addresses) throws Exception {
        List<String> check = new ArrayList<>(List.of("check", "--insecure"));
        check.addAll(List.of(addresses));
        Result checked = Vecho.run(check.toArray(String[]::new));
        assertThat(checked.exitCode()).as(checked.out() + checked.err()).isZero();
        vecho.terminate();
        Result result = vecho.await();
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.err()).isEmpty();
    }
}
