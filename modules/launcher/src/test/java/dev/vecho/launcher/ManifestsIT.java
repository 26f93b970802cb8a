package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes for Kubernetes and Compose: as their schemas see it, and as Vecho sees the configurations. */
class ManifestsIT {

    private static final Path CONF =
            Path.of("..", "..", "conf").toAbsolutePath().normalize();

    @TempDir
    Path directory;

    @Test
    void fitTheSchemasOfKubernetes() throws Exception {
        ForeignProgram node = ForeignProgram.find("node", "apt-get install nodejs");
        ForeignProgram.npm("kubernetes-models", "5.1.0");
        ForeignProgram.npm("@kubernetes-models/prometheus-operator", "6.0.0");
        Path modules = ForeignProgram.npm("js-yaml", "5.5.0");
        Path script = modules.resolve("validate-kubernetes.mjs");
        try (var source = ManifestsIT.class.getResourceAsStream("/validate-kubernetes.mjs")) {
            Files.write(script, source.readAllBytes());
        }
        List<String> arguments = new ArrayList<>(List.of(script.toString()));
        String kustomization = Files.readString(CONF.resolve("kubernetes/kustomization.yaml"));
        try (Stream<Path> files = Files.list(CONF.resolve("kubernetes"))) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".yaml") && !name.equals("kustomization.yaml")) {
                    arguments.add(file.toString());
                }
                if (!name.equals("kustomization.yaml")) {
                    assertThat(kustomization).contains(name);
                }
            }
        }
        ForeignProgram.Result result = node.run(new byte[0], arguments.toArray(String[]::new));
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.text().lines())
                .containsExactlyInAnyOrder(
                        "DaemonSet vecho-checks",
                        "Deployment vecho",
                        "NetworkPolicy vecho",
                        "NetworkPolicy vecho-checks",
                        "Service vecho",
                        "Service vecho-management",
                        "ServiceMonitor vecho");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vecho.json", "checks.json"})
    void configureVecho(String name) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "0123456789abcdef");
        Path secret = Files.writeString(
                directory.resolve("secret.json"),
                new JsonObject()
                        .put("management", new JsonObject().put("tokenFile", token.toString()))
                        .encode());
        Result result = Vecho.run(
                "config", "-c", CONF.resolve("kubernetes").resolve(name).toString(), "-c", secret.toString());
        assertThat(result.exitCode()).as(result.err()).isZero();
    }

    @Test
    void fitTheSchemaOfCompose() throws Exception {
        ForeignProgram compose = ForeignProgram.find("docker-compose", "apt-get install docker-compose");
        ForeignProgram.Result result =
                compose.run(new byte[0], "-f", CONF.resolve("compose.yaml").toString(), "config", "--quiet");
        assertThat(result.exitCode()).as(result.text() + result.err()).isZero();
    }
}
