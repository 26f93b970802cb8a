package dev.vecho.server;

import static dev.vecho.server.Service.assertEchoes;
import static dev.vecho.server.Service.blocking;
import static dev.vecho.server.Service.echo;
import static dev.vecho.server.Service.listeners;
import static dev.vecho.server.Service.tcp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.Target;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.server.EchoService.Outcome;
import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import io.vertx.config.ConfigRetriever;
import io.vertx.config.ConfigRetrieverOptions;
import io.vertx.config.ConfigStoreOptions;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The service as applications deploy verticles: by its name, in several instances, with a configuration that was retrieved. */
@ExtendWith(VertxExtension.class)
final class EmbeddingTest {

    private static final String NAME = EchoServerVerticle.class.getName();

    private static DeploymentOptions options(JsonObject configuration) {
        return new DeploymentOptions().setConfig(configuration);
    }

    private static EchoService service(Vertx vertx, String id) {
        return EchoService.of(vertx, id).orElseThrow();
    }

    private static InetSocketAddress address(EchoService service, String name) {
        OpenListener listener = service.listeners().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        Target target = Target.parse(listener.addresses().get(0));
        return new InetSocketAddress(target.host(), target.port());
    }

    @ParameterizedTest
    @EnumSource(
            value = ThreadingModel.class,
            names = {"EVENT_LOOP", "WORKER"})
    void isOneServiceInAllInstances(ThreadingModel threads, Vertx vertx, VertxTestContext test) {
        JsonObject configuration =
                listeners("a", tcp("127.0.0.1", 0).put("maxConnections", 2), "b", tcp("127.0.0.1", 0));
        vertx.deployVerticle(NAME, options(configuration).setInstances(4).setThreadingModel(threads))
                .compose(id -> {
                    EchoService service = service(vertx, id);
                    InetSocketAddress address = address(service, "a");
                    return echo(vertx, address(service, "b"))
                            .compose(echoed -> blocking(vertx, () -> {
                                try (EchoClient one = SocketClient.tcp(address, 0);
                                        EchoClient two = SocketClient.tcp(address, 0)) {
                                    assertEchoes(one, "one");
                                    assertEchoes(two, "two");
                                    try (EchoClient three = SocketClient.tcp(address, 0)) {
                                        Service.assertEndsWithoutAByte(three);
                                    }
                                }
                                return null;
                            }))
                            .compose(echoed -> {
                                assertThat(service.listeners())
                                        .extracting(OpenListener::name)
                                        .containsExactly("a", "b");
                                assertThat(service.listeners().get(0).traffic().snapshot())
                                        .extracting(all -> all.accepted(), all -> all.refused())
                                        .containsExactly(2L, 1L);
                                return vertx.undeploy(id);
                            })
                            .onSuccess(undeployed -> test.verify(() -> {
                                Service.assertFree("127.0.0.1", address.getPort());
                                assertThat(EchoService.of(vertx, id)).isEmpty();
                            }));
                })
                .onComplete(test.succeedingThenComplete());
    }

    @Test
    void opensAListenerOnceOnEachEventLoop(Vertx vertx, VertxTestContext test) {
        NotingTransport.clear();
        JsonObject noting = new JsonObject().put("transport", "noting").put("place", "here");
        vertx.deployVerticle(NAME, options(listeners("a", noting)).setInstances(3))
                .compose(vertx::undeploy)
                .onComplete(test.succeeding(undeployed -> test.verify(() -> {
                    assertThat(NotingTransport.LISTENED)
                            .hasSize(VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE)
                            .doesNotHaveDuplicates();
                    assertThat(NotingTransport.DRAINED).hasSize(VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE);
                    test.completeNow();
                })));
    }

    @Test
    void leavesNothingOfInstancesThatCannotStart(Vertx vertx, VertxTestContext test) throws Exception {
        int port = Service.freePort();
        JsonObject wrong = listeners("a", tcp("127.0.0.1", port), "b", tcp("192.0.2.1", port));
        vertx.deployVerticle(NAME, options(wrong).setInstances(4))
                .onComplete(test.failing(failure -> test.verify(() -> {
                    assertThat(failure).hasMessageContaining("listeners.b").hasMessageContaining("192.0.2.1");
                    Service.assertFree("127.0.0.1", port);
                    assertThat(vertx.deploymentIDs()).isEmpty();
                    assertThat(vertx.sharedData().getLocalMap(NAME)).isEmpty();
                    test.completeNow();
                })));
    }

    @Test
    void tellsOfConnectionsAndReloadsWhenDeployedByName(Vertx vertx, VertxTestContext test) {
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        vertx.deployVerticle(NAME, options(listeners("a", tcp("127.0.0.1", 0))))
                .compose(id -> {
                    EchoService service = service(vertx, id);
                    Runnable end = service.watchConnections(new EchoService.ConnectionEnds() {
                        @Override
                        public void began(String listener, OpenConnection connection) {
                            told.add(listener + " began");
                        }

                        @Override
                        public void ended(
                                String listener,
                                String transport,
                                OpenConnection connection,
                                @Nullable FailureReason failure) {
                            told.add(listener + " ended on " + transport);
                        }
                    });
                    Runnable noMore = service.watchReloads(
                            reload -> told.add(reload.outcome().toString()));
                    return echo(vertx, address(service, "a"))
                            .compose(echoed -> Service.eventually(vertx, () -> told.size() == 2))
                            .compose(both -> service.reload())
                            .compose(reload -> Service.eventually(vertx, () -> told.size() == 3))
                            .compose(all -> {
                                end.run();
                                noMore.run();
                                return echo(vertx, address(service, "a"));
                            })
                            .compose(echoed -> service.reload())
                            .compose(reload -> vertx.undeploy(id));
                })
                .onComplete(test.succeeding(done -> test.verify(() -> {
                    assertThat(told).containsExactly("a began", "a ended on tcp", "UNCHANGED");
                    test.completeNow();
                })));
    }

    @Test
    void goesOverToAnotherConfigurationInPlace(Vertx vertx, VertxTestContext test) {
        JsonObject before = listeners("a", tcp("127.0.0.1", 0), "b", tcp("127.0.0.1", 0));
        JsonObject after =
                listeners("a", tcp("127.0.0.1", 0).put("idleTimeoutMillis", 60_000), "c", tcp("127.0.0.1", 0));
        vertx.deployVerticle(NAME, options(before).setInstances(2))
                .compose(id -> {
                    EchoService service = service(vertx, id);
                    InetSocketAddress kept = address(service, "a");
                    return blocking(vertx, () -> {
                                EchoClient client = SocketClient.tcp(kept, 0);
                                assertEchoes(client, "before");
                                return client;
                            })
                            .compose(client -> service.reconfigure(after).compose(reload -> {
                                assertThat(reload.outcome()).isEqualTo(Outcome.APPLIED);
                                assertThat(address(service, "a")).isEqualTo(kept);
                                return blocking(vertx, () -> {
                                    try (client) {
                                        assertEchoes(client, "after");
                                    }
                                    return null;
                                });
                            }))
                            .compose(echoed -> service.reconfigure(
                                    listeners("a", tcp("127.0.0.1", 0).put("prot", 1))))
                            .compose(refused -> {
                                assertThat(refused.outcome()).isEqualTo(Outcome.REJECTED);
                                assertThat(refused.problems())
                                        .containsExactly("deployment options: listeners.a.prot: is not a known key, did"
                                                + " you mean \"port\"?");
                                assertThat(service.listeners())
                                        .extracting(OpenListener::name)
                                        .containsExactly("a", "c");
                                return service.reload();
                            });
                })
                .onComplete(test.succeeding(reload -> test.verify(() -> {
                    assertThat(reload.outcome()).isEqualTo(Outcome.UNCHANGED);
                    test.completeNow();
                })));
    }

    @Test
    void takesWhatARetrieverHasRetrieved(Vertx vertx, VertxTestContext test) {
        System.setProperty("vecho.listeners.mine.maxConnections", "77");
        ConfigStoreOptions json = new ConfigStoreOptions()
                .setType("json")
                .setConfig(listeners("mine", tcp("127.0.0.1", 0)).put("drainMillis", 5));
        Future<?> all = Future.succeededFuture();
        for (boolean nested : List.of(false, true)) {
            ConfigRetriever retriever = ConfigRetriever.create(
                    vertx,
                    new ConfigRetrieverOptions()
                            .setScanPeriod(-1)
                            .addStore(json)
                            .addStore(new ConfigStoreOptions()
                                    .setType("sys")
                                    .setConfig(new JsonObject().put("hierarchical", nested)))
                            .addStore(new ConfigStoreOptions().setType("env")));
            all = all.compose(next -> retriever.getConfig())
                    .compose(retrieved -> {
                        assertThat(retrieved.fieldNames()).contains("PATH", nested ? "java" : "java.version");
                        return vertx.deployVerticle(NAME, options(withoutTheBuildsOwn(retrieved)));
                    })
                    .compose(id -> {
                        assertThat(service(vertx, id).configuration())
                                .extracting(value -> value.key() + " = " + value.value())
                                .contains("drainMillis = 5", "listeners.mine.maxConnections = 77");
                        return echo(vertx, address(service(vertx, id), "mine")).compose(echoed -> vertx.undeploy(id));
                    });
        }
        all.onComplete(ended -> System.clearProperty("vecho.listeners.mine.maxConnections"))
                .onComplete(test.succeedingThenComplete());
    }

    /** The build has properties such as {@code vecho.quick}, which are no keys. */
    private static JsonObject withoutTheBuildsOwn(JsonObject retrieved) {
        String own = "vecho.listeners.";
        retrieved.getMap().keySet().removeIf(key -> key.startsWith("vecho.") && !key.startsWith(own));
        if (retrieved.getValue("vecho") instanceof JsonObject nested) {
            retrieved.put("vecho", new JsonObject().put("listeners", nested.getJsonObject("listeners")));
        }
        return retrieved;
    }

    @Test
    void ignoresOnlyWhatIsFromTheEnvironmentOrSystemProperties() {
        ApplicationLayers layers = new ApplicationLayers(
                Set.of("io", "listeners"),
                Map.of("PATH", "/bin", "VECHO__LISTENERS__A__HOST", "[\"::1\"]", "listeners", "no"),
                Set.of("java.home", "io.netty.allocator.type", "plain"));
        JsonObject merged = layers.read(new JsonObject()
                        .put("listeners", new JsonObject().put("a", new JsonObject()))
                        .put("PATH", "/bin")
                        .put("VECHO__LISTENERS__A__HOST", new JsonArray().add("::1"))
                        .put("java", new JsonObject().put("home", "/"))
                        .put("io", new JsonObject().put("netty", new JsonObject()))
                        .put("plain", 1)
                        .put("lisseners", new JsonObject()))
                .merged();
        assertThat(merged)
                .isEqualTo(new JsonObject()
                        .put("listeners", new JsonObject().put("a", new JsonObject().put("host", "[\"::1\"]")))
                        .put("lisseners", new JsonObject()));
        assertThat(layers.read(new JsonObject().put("io", "nio")).merged().getString("io"))
                .isEqualTo("nio");
    }

    @Test
    void refusesAKeyThatNobodyKnows(Vertx vertx, VertxTestContext test) {
        vertx.deployVerticle(NAME, options(new JsonObject().put("lisseners", new JsonObject())))
                .onComplete(test.failing(failure -> test.verify(() -> {
                    assertThat(failure).isInstanceOf(InvalidInputException.class);
                    assertThat(((InvalidInputException) failure).problems())
                            .containsExactly("deployment options: lisseners: is not a known key, did you mean"
                                    + " \"listeners\"?");
                    test.completeNow();
                })));
    }
}
