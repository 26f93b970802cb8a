package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Transports;
import dev.vecho.server.ConfigurationSchema;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tables of keys in the documentation have the keys of the schemas, each with its default, and no others. */
class OptionTablesTest {

    private static final Path ROOT = Path.of("..", "..");
    private static final JsonObject SCHEMA = ConfigurationSchema.of(Transports.load());
    private static final String HEADER = "| key | default | |";
    private static final String SERVICE = "docs/configuration.md";
    private static final Pattern KEY = Pattern.compile("`([^`]+)`");
    private static final Pattern DEFAULT = Pattern.compile("Default: ([^.]+)\\.");

    @ParameterizedTest
    @CsvSource({
        SERVICE + ", Keys of the service, ",
        SERVICE + ", Listeners, listener",
        SERVICE + ", TLS, tls",
        "docs/faults.md, Keys, faults-stream",
        "docs/management.md, Keys, section-management",
        SERVICE + ", Access log, section-accessLog",
        "docs/monitoring.md, Keys, section-checks",
        "docs/monitoring.md, What outlives a restart, section-checks-itself",
        "docs/monitoring.md, Keys of a receiver, section-notify",
        "docs/monitoring.md, Keys of probe, section-probe",
        "modules/transport-tcp/README.md, Keys of tcp, listener-tcp",
        "modules/transport-tcp/README.md, Keys of unix, listener-unix",
        "modules/transport-udp/README.md, Keys, listener-udp",
        "modules/transport-http/README.md, Keys, listener-http",
        "modules/transport-quic/README.md, Keys, listener-quic",
        "modules/transport-eventbus/README.md, Keys, listener-eventbus",
        "modules/transport-stamp/README.md, Keys, listener-stamp"
    })
    void haveTheKeysAndDefaultsOfTheSchema(String page, String heading, @Nullable String definition)
            throws IOException {
        Map<String, String> expected = new TreeMap<>();
        JsonObject object = object(definition);
        object.getJsonObject("properties").forEach(property -> {
            JsonObject schema = (JsonObject) property.getValue();
            if (schema.containsKey("description")) {
                boolean required =
                        object.getJsonArray("required", new JsonArray()).contains(property.getKey());
                expected.put(property.getKey(), required ? "required" : defaultOf(schema));
            }
        });
        Map<String, String> told = tables(page).get(heading);
        assertThat(told).as(page + ": a table under " + heading).isNotNull();
        assertThat(told).as(page + ": " + heading).isEqualTo(expected);
    }

    /** A table that nobody holds to a schema would be forgotten. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                SERVICE,
                "docs/faults.md",
                "docs/management.md",
                "docs/monitoring.md",
                "modules/transport-tcp/README.md",
                "modules/transport-udp/README.md",
                "modules/transport-http/README.md",
                "modules/transport-quic/README.md",
                "modules/transport-eventbus/README.md",
                "modules/transport-stamp/README.md"
            })
    void areAllHeldToASchema(String page) throws IOException {
        CsvSource held;
        try {
            held = OptionTablesTest.class
                    .getDeclaredMethod("haveTheKeysAndDefaultsOfTheSchema", String.class, String.class, String.class)
                    .getAnnotation(CsvSource.class);
        } catch (NoSuchMethodException e) {
            throw new AssertionError(e);
        }
        List<String> headings = Stream.of(held.value())
                .map(row -> row.split(", ", -1))
                .filter(row -> row[0].equals(page))
                .map(row -> row[1])
                .toList();
        assertThat(tables(page).keySet()).containsExactlyInAnyOrderElementsOf(headings);
    }

    private static JsonObject object(@Nullable String definition) {
        if (definition == null) {
            return SCHEMA;
        }
        JsonObject definitions = SCHEMA.getJsonObject("$defs");
        return switch (definition) {
            case "listener" -> definitions.getJsonObject("listener").getJsonObject("else");
            case "tls" ->
                definitions
                        .getJsonObject("listener-tcp")
                        .getJsonObject("properties")
                        .getJsonObject("tls");
            case "section-checks-itself" -> definitions.getJsonObject("section-checks");
            case "section-checks", "section-notify" ->
                (JsonObject) definitions
                        .getJsonObject(definition)
                        .getJsonObject("patternProperties")
                        .iterator()
                        .next()
                        .getValue();
            default -> definitions.getJsonObject(definition);
        };
    }

    /** As the tables say it: none where there is no default and nothing is said of one. */
    private static String defaultOf(JsonObject schema) {
        Object value = schema.getValue("default");
        if (value instanceof JsonArray list) {
            return list.isEmpty() ? "none" : list.stream().map(String::valueOf).collect(Collectors.joining(", "));
        }
        if (value != null) {
            return value.toString();
        }
        Matcher told = DEFAULT.matcher(schema.getString("description"));
        return told.find() ? told.group(1) : "none";
    }

    /** The tables of a page by the heading that they stand under: each key with its default, nothing being none. */
    private static Map<String, Map<String, String>> tables(String page) throws IOException {
        Map<String, Map<String, String>> tables = new TreeMap<>();
        String heading = "";
        Map<String, String> table = null;
        for (String line : Files.readAllLines(ROOT.resolve(page))) {
            if (line.startsWith("#")) {
                heading = line.replaceFirst("^#+ ", "");
            }
            if (line.equals(HEADER)) {
                table = tables.computeIfAbsent(heading, one -> new TreeMap<>());
            } else if (!line.startsWith("|")) {
                table = null;
            } else if (table != null && !line.startsWith("| ---")) {
                String[] cells = line.substring(1).split("\\|", -1);
                String value = cells[1].replaceAll("[`\"]", "").strip();
                for (String key : keys(cells[0])) {
                    String twice = table.put(key, value.isEmpty() ? "none" : value);
                    assertThat(twice)
                            .as(page + ": " + key + " stands there twice")
                            .isNull();
                }
            }
        }
        return tables;
    }

    private static List<String> keys(String cell) {
        List<String> keys = new ArrayList<>();
        for (Matcher key = KEY.matcher(cell); key.find(); ) {
            keys.add(key.group(1));
        }
        return keys;
    }
}
