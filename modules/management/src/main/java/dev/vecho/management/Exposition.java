package dev.vecho.management;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How metrics are written, as a client wants them. */
final class Exposition {

    private static final ExpositionFormats FORMATS = ExpositionFormats.init();
    static final Exposition TEXT = new Exposition(FORMATS.getPrometheusTextFormatWriter());
    private static final Exposition PROTOBUF = new Exposition(FORMATS.getPrometheusProtobufWriter());
    private static final Exposition OPEN_METRICS = new Exposition(FORMATS.getOpenMetricsTextFormatWriter());

    private static final byte[] END = "# EOF\n".getBytes(StandardCharsets.UTF_8);

    private final ExpositionFormatWriter writer;

    private Exposition(ExpositionFormatWriter writer) {
        this.writer = writer;
    }

    /** @param accept the header of the request */
    static Exposition of(@Nullable String accept) {
        if (PROTOBUF.writer.accepts(accept)) {
            return PROTOBUF;
        }
        return OPEN_METRICS.writer.accepts(accept) ? OPEN_METRICS : TEXT;
    }

    Answer answer(MetricSnapshots metrics) {
        return new Answer(200, writer.getContentType(), Buffer.buffer(bytes(metrics)), Map.of());
    }

    String write(MetricSnapshots metrics) {
        return new String(bytes(metrics), StandardCharsets.UTF_8);
    }

    private byte[] bytes(MetricSnapshots metrics) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            writer.write(out, metrics);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    String type() {
        return writer.getContentType();
    }

    /** What comes after the last part. */
    Buffer end() {
        return Buffer.buffer(this == OPEN_METRICS ? END : new byte[0]);
    }

    /**
     * A part of all metrics, or of one; empty where there are no points.
     *
     * @param begins whether its metrics begin in it, and so are described
     */
    Buffer part(MetricSnapshots metrics, boolean begins) {
        byte[] all = bytes(metrics);
        int to = all.length - (this == OPEN_METRICS ? END.length : 0);
        int from = 0;
        // A line that begins so is about a metric, and no point of it. A message of Protobuf is whole.
        while (this != PROTOBUF && !begins && from < to && all[from] == '#') {
            while (all[from++] != '\n') {
                // On to the next line.
            }
        }
        return Buffer.buffer().appendBytes(all, from, to - from);
    }
}
