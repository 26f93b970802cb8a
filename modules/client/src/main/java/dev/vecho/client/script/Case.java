package dev.vecho.client.script;

import dev.vecho.client.report.Diagnosis;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * One of the things that a script checks: a target, and what its matrix says of it.
 *
 * @param index its place among all cases of the run, from 0
 * @param name the target, as the user wrote it, with what the matrix says of it:
 *     {@code tls://localhost:7443 size=1024 tls=TLSv1.3 family=ipv6 connections=kept}. Unique in the run.
 * @param target as the user wrote it
 * @param size of the payload in bytes; null where the matrix has none
 * @param tls the version of TLS; null where the matrix has none or the target has no TLS
 * @param family {@code ipv4} or {@code ipv6}; null where the matrix has none or the target has no such address
 * @param kept whether one connection serves all rounds, instead of a connection for each
 */
public record Case(
        int index,
        String name,
        String target,
        @Nullable Long size,
        @Nullable String tls,
        @Nullable String family,
        boolean kept) {

    /** The only case of a run, without a matrix. */
    public static Case of(String target) {
        return new Case(0, target, target, null, null, null, false);
    }

    /** {@code name}, {@code target}, where known {@code size}, {@code tls} and {@code family}, {@code connections}. */
    public JsonObject toJson() {
        JsonObject json = new JsonObject().put("name", name).put("target", target);
        Diagnosis.putIfKnown(json, "size", size);
        Diagnosis.putIfKnown(json, "tls", tls);
        Diagnosis.putIfKnown(json, "family", family);
        return json.put("connections", Matrix.Connections.of(kept).toString());
    }

    @Override
    public String toString() {
        return name;
    }
}
