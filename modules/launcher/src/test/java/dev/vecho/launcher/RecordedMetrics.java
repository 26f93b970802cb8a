package dev.vecho.launcher;

import io.vertx.core.VertxOptions;
import io.vertx.core.datagram.DatagramSocketOptions;
import io.vertx.core.net.QuicEndpointConfig;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TcpServerConfig;
import io.vertx.core.spi.VertxMetricsFactory;
import io.vertx.core.spi.metrics.DatagramSocketMetrics;
import io.vertx.core.spi.metrics.EventBusMetrics;
import io.vertx.core.spi.metrics.TransportMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Metrics of Vert.x that keep what they are told; those of clients are left out. */
final class RecordedMetrics implements VertxMetricsFactory, VertxMetrics {

    final LongAdder connected = new LongAdder();
    final LongAdder disconnected = new LongAdder();
    final LongAdder messages = new LongAdder();

    /** Those of servers of streams that are not closed yet. */
    final LongAdder servers = new LongAdder();

    final Set<String> listening = ConcurrentHashMap.newKeySet();

    /** Bytes, by the address at the other end. */
    final Map<String, LongAdder> read = new ConcurrentHashMap<>();

    final Map<String, LongAdder> written = new ConcurrentHashMap<>();

    long read() {
        return read.values().stream().mapToLong(LongAdder::sum).sum();
    }

    long written() {
        return written.values().stream().mapToLong(LongAdder::sum).sum();
    }

    long read(String remote) {
        return read.getOrDefault(remote, new LongAdder()).sum();
    }

    long written(String remote) {
        return written.getOrDefault(remote, new LongAdder()).sum();
    }

    private static void count(Map<String, LongAdder> bytes, SocketAddress remote, long more) {
        bytes.computeIfAbsent(remote.toString(), first -> new LongAdder()).add(more);
    }

    @Override
    public VertxMetrics metrics(VertxOptions options) {
        return this;
    }

    @Override
    public boolean isMetricsEnabled() {
        return true;
    }

    @Override
    public TransportMetrics<?> createTcpServerMetrics(TcpServerConfig config, String protocol, SocketAddress local) {
        return new Server();
    }

    @Override
    public TransportMetrics<?> createQuicEndpointMetrics(
            QuicEndpointConfig config, String protocol, SocketAddress local) {
        return new Server();
    }

    private final class Server implements TransportMetrics<Object> {

        private Server() {
            servers.increment();
        }

        @Override
        public void close() {
            servers.decrement();
        }

        @Override
        public Object connected(SocketAddress remote, String name) {
            connected.increment();
            return remote;
        }

        @Override
        public void disconnected(Object metric, SocketAddress remote) {
            disconnected.increment();
        }

        @Override
        public void bytesRead(Object metric, SocketAddress remote, long bytes) {
            count(read, (SocketAddress) metric, bytes);
        }

        @Override
        public void bytesWritten(Object metric, SocketAddress remote, long bytes) {
            count(written, (SocketAddress) metric, bytes);
        }
    }

    @Override
    public DatagramSocketMetrics createDatagramSocketMetrics(DatagramSocketOptions options) {
        return new DatagramSocketMetrics() {
            @Override
            public void listening(String name, SocketAddress local) {
                listening.add(local.toString());
            }

            @Override
            public void bytesRead(Void none, SocketAddress remote, long bytes) {
                count(read, remote, bytes);
            }

            @Override
            public void bytesWritten(Void none, SocketAddress remote, long bytes) {
                count(written, remote, bytes);
            }
        };
    }

    @Override
    public EventBusMetrics<?> createEventBusMetrics() {
        return new EventBusMetrics<>() {
            @Override
            public void messageReceived(String address, boolean publish, boolean local, int handlers) {
                if (address.equals("echo")) {
                    messages.add(handlers);
                }
            }
        };
    }
}
