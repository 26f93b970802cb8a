package dev.vecho.launcher;

import dev.vecho.core.Io;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;

/** Vert.x, as the commands want it. */
final class Launch {

    private Launch() {}

    /** An instance with an event loop for each core, which unpacks nothing to the disk. */
    static Vertx vertx(String io) {
        return builder(io).build();
    }

    /**
     * The same, as a member of a cluster where the user wants it.
     *
     * @param owner whether it keeps its share of the cluster's own data
     */
    static Vertx vertx(String io, ClusterFlags cluster, boolean owner) {
        return cluster.wanted() ? cluster.join(builder(io), owner) : vertx(io);
    }

    private static VertxBuilder builder(String io) {
        return Vertx.builder()
                .with(new VertxOptions()
                        .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors())
                        .setFileSystemOptions(new FileSystemOptions()
                                .setFileCachingEnabled(false)
                                .setClassPathResolvingEnabled(false)))
                .withTransport(Io.transport(io));
    }
}
