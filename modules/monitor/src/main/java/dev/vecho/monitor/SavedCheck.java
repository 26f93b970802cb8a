package dev.vecho.monitor;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * What a check has found, in little memory.
 *
 * @param subject that of its definition: it belongs to a check of the same one alone
 * @param packed JSON, compressed by gzip
 */
@SuppressWarnings("ArrayRecordComponent") // It is not compared.
record SavedCheck(String subject, byte[] packed) {

    static SavedCheck of(MonitoredCheck check) {
        SavedCheck before = check.expected();
        if (before != null) {
            return before;
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(check.save().toBuffer().getBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes all", e);
        }
        return new SavedCheck(check.subject(), packed.toByteArray());
    }

    /** Throws a {@link RuntimeException} where it is not what {@link #of} has made. */
    JsonObject json() {
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            return new JsonObject(Buffer.buffer(in.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
