package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the modules say of themselves. */
final class ModulesTest {

    /** What those outside may use, each for everybody. */
    private static final Map<String, Set<String>> PUBLIC = Map.of(
            "dev.vecho.core", Set.of("dev.vecho.core", "dev.vecho.core.config"),
            "dev.vecho.net", Set.of("dev.vecho.net.io"),
            "dev.vecho.server", Set.of("dev.vecho.server"),
            "dev.vecho.client", Set.of("dev.vecho.client", "dev.vecho.client.report", "dev.vecho.client.script"),
            "dev.vecho.report", Set.of("dev.vecho.report"),
            "dev.vecho.load", Set.of("dev.vecho.load"));

    private static final Set<String> OTHERS = Set.of(
            "dev.vecho.selfsigned",
            "dev.vecho.services",
            "dev.vecho.faults",
            "dev.vecho.monitor",
            "dev.vecho.management",
            "dev.vecho.transport.tcp",
            "dev.vecho.transport.udp",
            "dev.vecho.transport.stamp",
            "dev.vecho.transport.quic",
            "dev.vecho.transport.http",
            "dev.vecho.transport.eventbus");

    private static Map<String, ModuleReference> modules() {
        Path[] ours = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(each -> each.contains("vecho-")
                        || each.endsWith(Path.of("target", "classes").toString()))
                .map(Path::of)
                .toArray(Path[]::new);
        Map<String, ModuleReference> modules = new TreeMap<>();
        for (ModuleReference module : ModuleFinder.of(ours).findAll()) {
            if (!module.descriptor().isAutomatic()) {
                modules.put(module.descriptor().name(), module);
            }
        }
        return modules;
    }

    @Test
    void exportExactlyWhatIsPublic() {
        Map<String, ModuleReference> modules = modules();
        Set<String> expected = new TreeSet<>(OTHERS);
        expected.addAll(PUBLIC.keySet());
        assertThat(modules.keySet()).isEqualTo(expected);
        modules.forEach((name, module) -> {
            Set<String> exported = module.descriptor().exports().stream()
                    .filter(each -> !each.isQualified())
                    .map(ModuleDescriptor.Exports::source)
                    .collect(Collectors.toSet());
            assertThat(exported).as(name).isEqualTo(PUBLIC.getOrDefault(name, Set.of()));
            assertThat(module.descriptor().opens()).as(name).isEmpty();
        });
    }

    /** Such an export is of no use otherwise, and a misspelled name is not an error. */
    @Test
    void exportToModulesThatAreThere() {
        Map<String, ModuleReference> modules = modules();
        modules.forEach((name, module) -> module.descriptor()
                .exports()
                .forEach(export -> assertThat(modules.keySet())
                        .as(name + ": " + export.source())
                        .containsAll(export.targets())));
    }

    /** On the class path the files count, on the module path the descriptor. */
    @Test
    void provideWhatTheirFilesOfServicesSay() throws IOException {
        for (ModuleReference module : modules().values()) {
            Map<String, List<String>> provided = new LinkedHashMap<>();
            module.descriptor().provides().forEach(each -> provided.put(each.service(), each.providers()));
            assertThat(files(module)).as(module.descriptor().name()).isEqualTo(provided);
        }
    }

    private static Map<String, List<String>> files(ModuleReference module) throws IOException {
        Map<String, List<String>> files = new LinkedHashMap<>();
        try (ModuleReader reader = module.open()) {
            for (String file : reader.list().toList()) {
                if (file.startsWith("META-INF/services/") && !file.endsWith("/")) {
                    Optional<java.io.InputStream> in = reader.open(file);
                    try (java.io.InputStream text = in.orElseThrow()) {
                        files.put(
                                file.substring(file.lastIndexOf('/') + 1),
                                new String(text.readAllBytes(), StandardCharsets.UTF_8)
                                        .lines()
                                        .toList());
                    }
                }
            }
        }
        return files;
    }
}
