package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;

/** A jar of somebody else's, with one class that {@link java.util.ServiceLoader} finds, compiled against the fat jar. */
final class ForeignJar {

    private ForeignJar() {}

    /**
     * Makes it.
     *
     * @param type the class; its source is the resource {@code /foreign/TYPE.java.txt}
     * @param name what stands there for {@code @NAME@}, and the name of the jar
     * @param spi what it implements
     * @param resources what else is in the jar, by path
     */
    static Path make(Path directory, String type, String name, Class<?> spi, Map<String, String> resources)
            throws Exception {
        String source;
        try (var in = ForeignJar.class.getResourceAsStream("/foreign/" + type + ".java.txt")) {
            source = new String(in.readAllBytes(), UTF_8).replace("@NAME@", name);
        }
        Path file = Files.createDirectories(directory.resolve("src")).resolve(type + ".java");
        Files.writeString(file, source);
        Path classes = Files.createDirectories(directory.resolve("classes"));
        int exit = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-cp", Vecho.JAR, "-d", classes.toString(), file.toString());
        assertThat(exit).as("javac").isZero();
        Path jar = directory.resolve(name + ".jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                var compiled = Files.list(classes.resolve("foreign"))) {
            for (Path each : compiled.toList()) {
                entries.putNextEntry(new ZipEntry("foreign/" + each.getFileName()));
                entries.write(Files.readAllBytes(each));
            }
            entries.putNextEntry(new ZipEntry("META-INF/services/" + spi.getName()));
            entries.write(("foreign." + type + "\n").getBytes(UTF_8));
            for (Map.Entry<String, String> resource : resources.entrySet()) {
                entries.putNextEntry(new ZipEntry(resource.getKey()));
                entries.write(resource.getValue().getBytes(UTF_8));
            }
        }
        return jar;
    }
}
