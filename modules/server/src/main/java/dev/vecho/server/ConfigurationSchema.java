package dev.vecho.server;

import dev.vecho.core.Faults;
import dev.vecho.core.Faults.Carried;
import dev.vecho.core.Service;
import dev.vecho.core.Services;
import dev.vecho.core.Transport;
import dev.vecho.core.Transports;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The JSON Schema (draft 2020-12) of the service's configuration, put together from the schemas that the transports ship: the
 * resource {@code META-INF/vecho/schema/listener-NAME.json} beside a transport's class describes the keys of its listeners, without
 * {@code transport} and {@code enabled}, which all have. A transport without one takes any keys here.
 *
 * <p>A {@link dev.vecho.core.Service} does the same with {@code service-NAME.json}; its options stand in the listeners' key
 * {@code service}.
 *
 * <p>A {@link Section} does the same with {@code section-KEY.json}.
 *
 * <p>A {@code $ref} names a definition of the same resource ({@code #/$defs/NAME}) or one of the same directory on the class path
 * ({@code net.json#/$defs/tls}). It is replaced by what it names, with what stands beside it merged over, so that each key of the
 * result is described in one place and editors need to resolve nothing.
 */
public final class ConfigurationSchema {

    private static final String DIRECTORY = "META-INF/vecho/schema/";
    private static final String LISTENER_NAME = "^[A-Za-z0-9_-]+$";
    private static final String DEFAULT_TRANSPORT = "tcp";

    private ConfigurationSchema() {}

    /** Makes the schema for the transports, and the sections, that are there. */
    public static JsonObject of(Transports transports) {
        JsonObject schema = read(ConfigurationSchema.class, "service.json")
                .orElseThrow(() -> new IllegalStateException("the jar has no service.json"));
        JsonObject definitions = schema.getJsonObject("$defs");
        JsonObject common = definitions.getJsonObject("listener").getJsonObject("properties");
        common.getJsonObject("transport").put("enum", new JsonArray(new ArrayList<>(transports.names())));
        JsonArray kinds = new JsonArray();
        for (String name : transports.names()) {
            transports.named(name).ifPresent(transport -> definitions.put(name(name), listener(transport, common)));
            kinds.add(new JsonObject()
                    .put("if", isOf(name))
                    .put("then", new JsonObject().put("$ref", "#/$defs/" + name(name))));
        }
        Faults.find().ifPresent(faults -> addFaults(faults, definitions));
        definitions.put(
                "listener",
                new JsonObject()
                        .put("if", reference("off"))
                        .put(
                                "else",
                                new JsonObject()
                                        .put("type", "object")
                                        .put("properties", nullable(common, new JsonArray()))
                                        .put("allOf", kinds)));
        schema.put("properties", nullable(schema.getJsonObject("properties"), new JsonArray()));
        for (Section section : Section.all()) {
            addSection(section, schema);
        }
        schema.getJsonObject("properties")
                .getJsonObject("listeners")
                .put("patternProperties", new JsonObject().put(LISTENER_NAME, reference("listener")))
                .put("additionalProperties", reference("off"));
        return schema;
    }

    private static void addSection(Section section, JsonObject schema) {
        String resource = "section-" + section.key() + ".json";
        JsonObject own = read(section.getClass(), resource).orElseGet(() -> new JsonObject().put("type", "object"));
        JsonObject resolved = new Resolution(section.getClass()).resolve(own, resource, List.of());
        resolved.remove("$schema");
        String definition = "section-" + section.key();
        schema.getJsonObject("$defs").put(definition, withNulls(resolved));
        schema.getJsonObject("properties")
                .put(
                        section.key(),
                        new JsonObject()
                                .put("description", resolved.getString("description", "A section."))
                                .put("if", reference("off"))
                                .put("else", reference(definition)));
    }

    /** The definition of the faults of what a transport carries. */
    private static String faults(Set<Carried> carried) {
        return carried.stream()
                .sorted()
                .map(each -> each.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining("-", "faults-", ""));
    }

    private static void addFaults(Faults faults, JsonObject definitions) {
        // What streams and messages have in common is described as for streams.
        JsonObject both = new JsonObject();
        for (Carried carried : List.of(Carried.MESSAGES, Carried.STREAM, Carried.REQUESTS)) {
            String name = faults(Set.of(carried));
            String resource = name + ".json";
            JsonObject own = read(faults.getClass(), resource).orElseGet(() -> new JsonObject().put("type", "object"));
            JsonObject resolved = new Resolution(faults.getClass()).resolve(own, resource, List.of());
            resolved.remove("$schema");
            definitions.put(name, orNull(withNulls(resolved)));
            if (carried != Carried.REQUESTS) {
                both.mergeIn(resolved.copy(), true);
            }
        }
        definitions.put(faults(Set.of(Carried.STREAM, Carried.MESSAGES)), orNull(withNulls(both)));
    }

    private static String name(String transport) {
        return "listener-" + transport;
    }

    private static JsonObject reference(String definition) {
        return new JsonObject().put("$ref", "#/$defs/" + definition);
    }

    private static JsonObject isOf(String transport) {
        boolean isDefault = transport.equals(DEFAULT_TRANSPORT);
        JsonArray names = new JsonArray().add(transport);
        JsonObject condition = new JsonObject()
                .put(
                        "properties",
                        new JsonObject()
                                .put("transport", new JsonObject().put("enum", isDefault ? names.addNull() : names)));
        return isDefault ? condition : condition.put("required", new JsonArray().add("transport"));
    }

    private static JsonObject listener(Transport transport, JsonObject common) {
        String resource = name(transport.name()) + ".json";
        Optional<JsonObject> own = read(transport.getClass(), resource);
        if (own.isEmpty()) {
            return new JsonObject().put("type", "object");
        }
        JsonObject resolved = new Resolution(transport.getClass()).resolve(own.get(), resource, List.of());
        resolved.remove("$schema");
        resolved.remove("$id");
        resolved.remove("$defs");
        JsonObject listener = withNulls(resolved);
        JsonObject properties = new JsonObject();
        common.fieldNames().forEach(key -> properties.put(key, new JsonObject()));
        if (listener.getJsonObject("properties", new JsonObject()).getValue(Services.KEY) instanceof JsonObject service
                && service.containsKey("anyOf")) {
            service.put("anyOf", services());
        }
        if (listener.getJsonObject("properties", new JsonObject()).getValue(Services.FAULTS)
                        instanceof JsonObject faulty
                && Faults.find().isPresent()
                && !"null".equals(faulty.getValue("type"))) {
            // Beside what a transport says of those that it cannot have.
            JsonArray all = faulty.getJsonArray("allOf", new JsonArray());
            faulty.put("allOf", all.copy().add(reference(faults(transport.faultsOn()))));
        }
        return listener.put("properties", properties.mergeIn(listener.getJsonObject("properties", new JsonObject())));
    }

    /** The services that are there, each by its name or with its options; one without a schema takes any. */
    private static JsonArray services() {
        Services services = Services.load();
        JsonObject byName = new JsonObject();
        for (String name : services.names()) {
            String resource = "service-" + name + ".json";
            JsonObject options = services.named(name)
                    .map(service -> read(service.getClass(), resource)
                            .map(own -> new Resolution(service.getClass()).resolve(own, resource, List.of()))
                            .orElseGet(() -> new JsonObject().put("type", "object")))
                    .orElseGet(() -> new JsonObject().put("type", "object").put("additionalProperties", false));
            options.remove("$schema");
            options.remove("title");
            JsonObject whole = withNulls(options);
            boolean text = services.named(name).map(Service::textOption).isPresent();
            byName.put(
                    name,
                    text
                            ? new JsonObject()
                                    .put(
                                            "anyOf",
                                            new JsonArray()
                                                    .add(new JsonObject()
                                                            .put("type", "string")
                                                            .put("minLength", 1))
                                                    .add(whole))
                            : whole);
        }
        return new JsonArray()
                .add(new JsonObject().put("type", "string").put("enum", new JsonArray(List.copyOf(services.names()))))
                .add(new JsonObject()
                        .put("type", "object")
                        .put("properties", byName)
                        .put("additionalProperties", false)
                        .put("minProperties", 1)
                        .put("maxProperties", 1));
    }

    /** The keys of an object may be null, which is as if they were not there; those that are required may not. */
    private static JsonObject withNulls(JsonObject object) {
        JsonObject result = object.copy();
        if (object.getValue("properties") instanceof JsonObject properties) {
            result.put("properties", nullable(properties, object.getJsonArray("required", new JsonArray())));
        }
        if (object.getValue("patternProperties") instanceof JsonObject properties) {
            result.put("patternProperties", nullable(properties, new JsonArray()));
        }
        if (object.getValue("items") instanceof JsonObject items) {
            result.put("items", withNulls(items));
        }
        return result;
    }

    private static JsonObject nullable(JsonObject properties, JsonArray required) {
        JsonObject result = new JsonObject();
        for (Map.Entry<String, Object> property : properties) {
            if (!(property.getValue() instanceof JsonObject schema)) {
                // The schema false: there is no such key here.
                result.put(
                        property.getKey(),
                        Boolean.FALSE.equals(property.getValue())
                                ? new JsonObject()
                                        .put("description", "Has no meaning here.")
                                        .put("type", "null")
                                : property.getValue());
                continue;
            }
            JsonObject whole = withNulls(schema);
            result.put(property.getKey(), required.contains(property.getKey()) ? whole : orNull(whole));
        }
        return result;
    }

    private static JsonObject orNull(JsonObject schema) {
        if (schema.getValue("type") instanceof String type) {
            schema.put("type", new JsonArray().add(type).add("null"));
            if (schema.containsKey("enum")) {
                schema.getJsonArray("enum").addNull();
            }
        } else if (schema.containsKey("anyOf")) {
            schema.getJsonArray("anyOf").add(new JsonObject().put("type", "null"));
        }
        return schema;
    }

    private static Optional<JsonObject> read(Class<?> beside, String name) {
        // By the class loader, for the others' modules have schemas, too.
        try (InputStream resource = beside.getClassLoader().getResourceAsStream(DIRECTORY + name)) {
            return resource == null
                    ? Optional.empty()
                    : Optional.of(new JsonObject(new String(resource.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(DIRECTORY + name, e);
        }
    }

    /**
     * Puts what references name in their place.
     *
     * @param beside whose class loader finds the resources
     */
    private record Resolution(Class<?> beside) {

        /**
         * Resolves all of a schema.
         *
         * @param document where it stands
         * @param within the references that it was reached through
         */
        JsonObject resolve(JsonObject schema, String document, List<String> within) {
            JsonObject resolved = new JsonObject();
            for (Map.Entry<String, Object> entry : schema) {
                if (!entry.getKey().equals("$ref")) {
                    resolved.put(entry.getKey(), resolve(entry.getValue(), document, within));
                }
            }
            return schema.getValue("$ref") instanceof String reference
                    ? target(reference, document, within).mergeIn(resolved, true)
                    : resolved;
        }

        private @Nullable Object resolve(@Nullable Object value, String document, List<String> within) {
            if (value instanceof JsonObject object) {
                return resolve(object, document, within);
            }
            if (value instanceof JsonArray array) {
                JsonArray resolved = new JsonArray();
                array.forEach(item -> resolved.add(resolve(item, document, within)));
                return resolved;
            }
            return value;
        }

        private JsonObject target(String reference, String document, List<String> within) {
            int hash = reference.indexOf('#');
            String named = hash == 0 ? document : hash < 0 ? reference : reference.substring(0, hash);
            String place = named + (hash < 0 ? "" : reference.substring(hash));
            if (within.contains(place)) {
                throw new IllegalStateException(DIRECTORY + document + ": " + place + " is part of itself");
            }
            Object target = read(beside, named)
                    .orElseThrow(() -> new IllegalStateException(
                            DIRECTORY + document + ": " + reference + ": there is no such resource"));
            String pointer = hash < 0 ? "" : reference.substring(hash + 1);
            for (String key : pointer.split("/", -1)) {
                target = key.isEmpty() ? target : target instanceof JsonObject object ? object.getValue(key) : null;
            }
            if (!(target instanceof JsonObject found)) {
                throw new IllegalStateException(DIRECTORY + document + ": " + reference + ": is no schema");
            }
            List<String> path = new ArrayList<>(within);
            path.add(place);
            return resolve(found, named, path);
        }
    }
}
