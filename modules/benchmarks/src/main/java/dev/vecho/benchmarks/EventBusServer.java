package dev.vecho.benchmarks;

import com.hazelcast.config.Config;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;

/** The echo of the textbooks on a clustered event bus: a consumer that replies with the body. */
public final class EventBusServer {

    private EventBusServer() {}

    /** Expects the port of its member, which is also the last part of its address. */
    public static void main(String[] args) {
        int port = Integer.parseInt(args[0]);
        Config config = new Config().setProperty("hazelcast.logging.type", "none");
        config.getNetworkConfig().setPort(port).setPublicAddress("127.0.0.1");
        config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
        config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
        config.getNetworkConfig().getJoin().getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + port);
        VertxOptions options = new VertxOptions().setPreferNativeTransport(true);
        options.getEventBusOptions().setHost("127.0.0.1");
        Vertx.builder()
                .with(options)
                .withClusterManager(new HazelcastClusterManager(config))
                .buildClustered()
                .compose(vertx -> vertx.eventBus()
                        .consumer(
                                "echo." + port,
                                message -> message.reply(
                                        message.body(), new DeliveryOptions().setHeaders(message.headers())))
                        .completion())
                .onSuccess(done -> System.out.println("ready " + port))
                .onFailure(failure -> {
                    failure.printStackTrace();
                    System.exit(1);
                });
    }
}
