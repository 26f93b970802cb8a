package dev.vecho.launcher;

import dev.vecho.net.io.Io;
import dev.vecho.server.Configuration;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;

/** Vert.x, as the commands want it. */
final class Launch {

    private static final int INTERNAL_THREADS = 2;

    private Launch() {}

    /** An instance with an event loop for each core, which unpacks nothing to the disk. */
    static Vertx vertx(String io) {
        return builder(io, processors()).build();
    }

    /**
     * The same, as a member of a cluster where the user wants it.
     *
     * @param owner whether it keeps its share of the cluster's own data
     */
    static Vertx vertx(String io, ClusterFlags cluster, boolean owner) {
        return vertx(io, processors(), cluster, owner);
    }

    /** The same, with so many event loops. */
    static Vertx vertx(String io, int eventLoops, ClusterFlags cluster, boolean owner) {
        VertxBuilder builder = builder(io, eventLoops);
        return cluster.wanted() ? cluster.join(builder, owner) : builder.build();
    }

    /** Whether a configuration asks for an io that works here, other than that of an instance. */
    static boolean wantsOtherIo(Vertx vertx, Configuration configuration) {
        String io = configuration.io();
        return !io.equals(Io.AUTO)
                && !io.equals(Io.of(vertx))
                && Io.unavailable(io).isEmpty();
    }

    private static int processors() {
        return Runtime.getRuntime().availableProcessors();
    }

    private static VertxBuilder builder(String io, int eventLoops) {
        return Vertx.builder()
                .with(new VertxOptions()
                        .setEventLoopPoolSize(eventLoops)
                        // For the files of the configuration alone, which are read again and again.
                        .setInternalBlockingPoolSize(INTERNAL_THREADS)
                        .setFileSystemOptions(new FileSystemOptions()
                                .setFileCachingEnabled(false)
                                .setClassPathResolvingEnabled(false)))
                .withTransport(Io.transport(io));
    }
}
