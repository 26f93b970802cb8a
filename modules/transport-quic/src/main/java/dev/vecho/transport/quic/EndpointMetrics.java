package dev.vecho.transport.quic;

import dev.vecho.net.Metering;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.metrics.TransportMetrics;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Tells the metrics of Vert.x, where somebody has enabled them, of a {@link SocketServer}. On its event loop only. */
final class EndpointMetrics {

    /** As Vert.x does, bytes are told of by pages, and the rest at the end. */
    private static final int PAGE = 4096;

    private final Vertx vertx;
    private final TransportMetrics<Object> metrics;

    private EndpointMetrics(Vertx vertx, TransportMetrics<Object> metrics) {
        this.vertx = vertx;
        this.metrics = metrics;
    }

    /** Those of a server; null where nobody collects any. */
    static @Nullable EndpointMetrics of(Vertx vertx, InetSocketAddress address) {
        TransportMetrics<Object> metrics = QuicInternals.metrics(vertx, address);
        return metrics == null ? null : new EndpointMetrics(vertx, metrics);
    }

    /** The server's socket has closed, after its connections. */
    void close() {
        metrics.close();
    }

    /** A connection has begun. */
    OfConnection connected(java.net.@Nullable SocketAddress peer) {
        SocketAddress remote = QuicInternals.address(vertx, peer);
        Object metric = metrics.connected(remote, remote == null ? null : remote.host());
        return new OfConnection(remote, metric);
    }

    /** Those of one connection. */
    final class OfConnection implements Metering.Bytes {

        private final @Nullable SocketAddress remote;
        private final Object metric;
        private long read;
        private long written;

        private OfConnection(@Nullable SocketAddress remote, Object metric) {
            this.remote = remote;
            this.metric = metric;
        }

        @Override
        public void read(long bytes) {
            read += bytes;
            if (read >= PAGE) {
                tellRead();
            }
        }

        @Override
        public void written(long bytes) {
            written += bytes;
            if (written >= PAGE) {
                tellWritten();
            }
        }

        @Override
        public void tell() {
            tellRead();
            tellWritten();
        }

        private void tellRead() {
            if (read > 0) {
                metrics.bytesRead(metric, remote, read);
                read = 0;
            }
        }

        private void tellWritten() {
            if (written > 0) {
                metrics.bytesWritten(metric, remote, written);
                written = 0;
            }
        }

        void streamOpened() {
            metrics.streamOpened(metric);
        }

        void streamClosed() {
            metrics.streamClosed(metric);
        }

        void disconnected() {
            tell();
            metrics.disconnected(metric, remote);
        }
    }
}
