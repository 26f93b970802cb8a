package dev.vecho.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** JSON Schemas, as tests look at them. */
final class Schemas {

    private Schemas() {}

    /** What a schema has against a value; empty where it is valid. */
    static String errors(JsonObject schema, Object value) {
        OutputUnit output = Validator.create(
                        // It writes its own notes into the schema.
                        JsonSchema.of(schema.copy()),
                        new JsonSchemaOptions()
                                .setBaseUri("file:///schema.json")
                                .setDraft(Draft.DRAFT202012)
                                .setOutputFormat(OutputFormat.Basic))
                .validate(value);
        return Objects.requireNonNull(output.getValid()) ? "" : String.valueOf(output.getErrors());
    }

    /** A definition of a schema, with the others that it may refer to. */
    static JsonObject definition(JsonObject schema, String name) {
        JsonObject definitions = schema.getJsonObject("$defs");
        return definitions.getJsonObject(name).copy().put("$defs", definitions.copy());
    }

    /** All keys of an object and of those within it, such as {@code tls.certificates[].key}, or {@code *.key} where any name may stand, with what is said of each. */
    static Map<String, JsonObject> keys(JsonObject object) {
        Map<String, JsonObject> keys = new LinkedHashMap<>();
        addKeys(keys, "", object);
        return keys;
    }

    private static void addKeys(Map<String, JsonObject> keys, String prefix, JsonObject object) {
        object.getJsonObject("patternProperties", new JsonObject()).forEach(property -> {
            if (property.getValue() instanceof JsonObject schema && !schema.containsKey("$ref")) {
                keys.put(prefix + "*", schema);
                addKeys(keys, prefix + "*.", schema);
            }
        });
        object.getJsonObject("properties", new JsonObject()).forEach(property -> {
            JsonObject schema = (JsonObject) property.getValue();
            String path = prefix + property.getKey();
            keys.put(path, schema);
            addKeys(keys, path + ".", schema);
            if (schema.getValue("items") instanceof JsonObject items) {
                addKeys(keys, path + "[].", items);
            }
        });
    }

    /** Whether a value may have a type. */
    static boolean allows(JsonObject schema, String type) {
        Object types = schema.getValue("type");
        return types instanceof JsonArray several ? several.contains(type) : type.equals(types);
    }
}
