package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar on the class path is all that it takes to add a transport. */
class ForeignTransportIT {

    @TempDir
    Path directory;

    @Test
    void servesAndChecksThroughATransportOfSomebodyElse() throws Exception {
        Path jar = jar("plain");
        Path config = Files.writeString(
                directory.resolve("plain.json"), "{\"listeners\":{\"mine\":{\"transport\":\"plain\"}}}");
        Path script = Files.writeString(
                directory.resolve("script.json"), "{\"steps\":[{\"send\":{\"random\":100000}},{\"expect\":\"echo\"}]}");
        try (Vecho server = Vecho.startWith(jar, "serve", "-c", config.toString())) {
            server.awaitLine("ready");
            assertThat(server.address("mine")).startsWith("plain://127.0.0.1:");
            try (Vecho check = Vecho.startWith(jar, "check", server.address("mine"), "-s", script.toString())) {
                Result result = check.await();
                assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
                assertThat(result.out()).contains("bytes=100000");
            }
        }
    }

    @Test
    void refusesTwoTransportsOfOneName() throws Exception {
        try (Vecho server = Vecho.startWith(jar("tcp"), "serve")) {
            Result result = server.await();
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .startsWith("two transports have the name \"tcp\": ")
                    .contains("foreign.PlainTransport", "dev.vecho.transport.tcp.TcpTransport");
        }
    }

    private Path jar(String name) throws Exception {
        String source;
        try (var in = ForeignTransportIT.class.getResourceAsStream("/foreign/PlainTransport.java.txt")) {
            source = new String(in.readAllBytes(), UTF_8).replace("@NAME@", name);
        }
        Path file = Files.createDirectories(directory.resolve("src")).resolve("PlainTransport.java");
        Files.writeString(file, source);
        Path classes = Files.createDirectories(directory.resolve("classes"));
        int exit = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-cp", Vecho.JAR, "-d", classes.toString(), file.toString());
        assertThat(exit).as("javac").isZero();
        Path jar = directory.resolve(name + ".jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                var compiled = Files.list(classes.resolve("foreign"))) {
            for (Path type : compiled.toList()) {
                entries.putNextEntry(new ZipEntry("foreign/" + type.getFileName()));
                entries.write(Files.readAllBytes(type));
            }
            entries.putNextEntry(new ZipEntry("META-INF/services/dev.vecho.core.Transport"));
            entries.write("foreign.PlainTransport\n".getBytes(UTF_8));
        }
        return jar;
    }
}
