package example;

import dev.vecho.client.Check;
import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.load.Load;
import dev.vecho.load.LoadOptions;
import dev.vecho.load.LoadResult;
import dev.vecho.net.io.Io;
import dev.vecho.report.Format;
import dev.vecho.server.EchoService;
import dev.vecho.server.OpenListener;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.QuicClient;
import io.vertx.core.net.QuicClientConfig;
import io.vertx.core.net.QuicConnection;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.metrics.VertxMetrics;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An application with the service and the check, of transports that it is told, on every io that there is. It prints for each whether
 * every byte came back, and whether by the direct way of the echo or through the pipeline. {@code tls} is a listener of {@code tcp}
 * with a certificate of its own, {@code http3} is HTTP/3, {@code bad-quic} and {@code bad-http3} lose the last byte of a line,
 * {@code management} and {@code checks} are those sections, {@code load} is put on {@code tcp}, and {@code metrics} enables those of
 * Vert.x.
 */
public class Consumer {

    private static final int SECONDS = 30;

    private static final int STREAMS = 5;
    private static final int STREAM_BYTES = 200_000;

    /** All but the last byte of the line of text that a check sends. */
    private static final JsonObject CUT = new JsonObject()
            .put("toPeer", new JsonObject().put("cut", new JsonObject().put("afterBytes", 41).put("with", "fin")));

    /** The output is closed before anything is read. */
    private static final JsonArray HALF_CLOSE = new JsonArray()
            .add(new JsonObject().put("send", new JsonObject().put("random", 1_000_000)))
            .add(new JsonObject().put("close", "output"))
            .add(new JsonObject().put("expect", "echo"))
            .add(new JsonObject().put("expect", "end"));

    public static void main(String[] arguments) throws Exception {
        List<String> transports = List.of(arguments);
        Path directory = Files.createTempDirectory("consumer");
        for (String io : Io.available()) {
            VertxBuilder builder = Vertx.builder().withTransport(Io.transport(io));
            if (transports.contains("metrics")) {
                builder.with(new VertxOptions().setMetricsOptions(new MetricsOptions().setEnabled(true)))
                        .withMetrics(options -> new VertxMetrics() {});
            }
            Vertx vertx = builder.build();
            try {
                run(vertx, transports, directory.resolve(io + ".sock"));
            } finally {
                vertx.close().await(SECONDS, TimeUnit.SECONDS);
            }
        }
        Files.delete(directory);
        System.out.println("modules: " + Consumer.class.getModule().isNamed() + " "
                + EchoService.class.getModule().isNamed() + " " + Vertx.class.getModule().isNamed());
    }

    private static void run(Vertx vertx, List<String> transports, Path socket) throws Exception {
        String io = Io.of(vertx);
        JsonObject configuration = new JsonObject();
        JsonObject listeners = new JsonObject();
        int managementPort = 0;
        String bad = "tcp://127.0.0.1:" + serverThatLosesAByte(vertx);
        Promise<JsonObject> change = Promise.promise();
        vertx.eventBus().<JsonObject>localConsumer("vecho.checks.changes", told -> change.tryComplete(told.body()));
        for (String transport : transports) {
            if (transport.equals("load") || transport.equals("metrics")) {
                continue;
            } else if (transport.equals("checks")) {
                JsonObject check = new JsonObject().put("targets", bad).put("everyMillis", 100);
                configuration.put("checks", new JsonObject().put("bad", check));
            } else if (transport.equals("management")) {
                managementPort = freePort();
                configuration.put("management", at(managementPort));
            } else if (transport.equals("eventbus")) {
                listeners.put(transport, new JsonObject().put("transport", transport));
            } else if (transport.equals("tls")) {
                listeners.put(transport, at(0).put("tls", new JsonObject().put("selfSigned", true)));
            } else if (transport.endsWith("quic") || transport.endsWith("http3")) {
                JsonObject listener = at(0).put("tls", new JsonObject().put("selfSigned", true))
                        .put("transport", transport.endsWith("quic") ? "quic" : "http");
                listeners.put(transport, transport.startsWith("bad") ? listener.put("faults", CUT) : listener);
            } else if (!transport.equals("unix")) {
                listeners.put(transport, at(0).put("transport", transport));
            } else if (io.equals("epoll")) {
                listeners.put(
                        transport, new JsonObject().put("transport", transport).put("path", socket.toString()));
            }
        }
        DeploymentOptions options =
                new DeploymentOptions().setInstances(2).setConfig(configuration.put("listeners", listeners));
        String id = vertx.deployVerticle("dev.vecho.server.EchoServerVerticle", options)
                .await(SECONDS, TimeUnit.SECONDS);
        String way = Io.isDirect(vertx) ? "direct" : "pipeline";
        for (OpenListener listener : EchoService.of(vertx, id).orElseThrow().listeners()) {
            String address = address(listener);
            if (listener.name().equals("quic") || listener.name().equals("http3")) {
                System.out.println(io + " " + listener.name() + " half-closed "
                        + play(vertx, script(address).put("steps", HALF_CLOSE)).passed());
            }
            if (listener.name().equals("quic")) {
                System.out.println(io + " quic streams " + echoesOnStreams(vertx, URI.create(address).getPort()));
            }
            Report report = check(vertx, address);
            System.out.println(
                    io + " " + listener.name() + " " + way + " " + report.passed() + " " + report.bytesReceived()
                            + " bytes");
            if (listener.name().equals("tcp") && transports.contains("load")) {
                System.out.println(io + " load " + load(vertx, listener.addresses().get(0)));
            }
        }
        if (transports.contains("checks")) {
            JsonObject found = change.future().await(SECONDS, TimeUnit.SECONDS);
            System.out.println(io + " checks " + found.getString("check") + " " + found.getString("to"));
        }
        if (managementPort > 0) {
            System.out.println(io + " management " + (read(managementPort, "/health/ready").contains("UP")
                    && read(managementPort, "/page/uPlot.min.css").contains("uplot")));
        }
        System.out.println(io + " bad " + check(vertx, bad).passed() + " page " + page(vertx, bad).contains("uPlot"));
        vertx.undeploy(id).await(SECONDS, TimeUnit.SECONDS);
    }

    private static JsonObject at(int port) {
        return new JsonObject().put("host", "127.0.0.1").put("port", port);
    }

    private static int freePort() throws Exception {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    /** A listener of HTTP has an address for each way to speak it. */
    private static String address(OpenListener listener) {
        return listener.addresses().stream()
                .filter(address -> !listener.name().endsWith("http3") || address.startsWith("h3:"))
                .findFirst()
                .orElseThrow();
    }

    private static JsonObject script(String target) {
        JsonObject script = new JsonObject().put("targets", target);
        return List.of("tls", "quic", "h3").contains(target.split(":")[0])
                ? script.put("tls", new JsonObject().put("insecure", true))
                : script;
    }

    /** Whether messages came back, and none was lost. */
    private static boolean load(Vertx vertx, String target) throws Exception {
        LoadOptions options = new LoadOptions(
                target,
                2,
                64,
                1,
                0,
                Duration.ZERO,
                Duration.ofMillis(200),
                1,
                false,
                Duration.ofSeconds(SECONDS),
                new JsonObject(),
                new JsonObject());
        LoadResult result = new Load(vertx, options).run(progress -> {}).await(2 * SECONDS, TimeUnit.SECONDS);
        return result.messages() > 0 && result.failures().isEmpty();
    }

    private static Report check(Vertx vertx, String target) throws Exception {
        return play(vertx, script(target));
    }

    private static Report play(Vertx vertx, JsonObject script) throws Exception {
        Check check = Check.open(vertx, Script.of(script, Source.named("consumer")))
                .await(SECONDS, TimeUnit.SECONDS)
                .get(0);
        return check.play(1).eventually(check::close).await(SECONDS, TimeUnit.SECONDS);
    }

    /** Whether each of several streams on one connection of Vert.x's own client brings back what was sent on it, and its end. */
    private static boolean echoesOnStreams(Vertx vertx, int port) throws Exception {
        QuicClient client = vertx.createQuicClient(
                new QuicClientConfig(),
                new ClientSSLOptions().setTrustAll(true).setHostnameVerificationAlgorithm("")
                        .setApplicationLayerProtocols(List.of("echo")));
        List<Future<Buffer>> echoes = new ArrayList<>();
        try {
            QuicConnection connection = client.connect(SocketAddress.inetSocketAddress(port, "127.0.0.1"))
                    .await(SECONDS, TimeUnit.SECONDS);
            for (int i = 0; i < STREAMS; i++) {
                String sent = Integer.toString(i).repeat(STREAM_BYTES);
                echoes.add(connection.openStream().compose(stream -> {
                    Promise<Buffer> came = Promise.promise();
                    Buffer all = Buffer.buffer();
                    stream.exceptionHandler(came::tryFail);
                    stream.handler(all::appendBuffer).endHandler(end -> came.tryComplete(all));
                    return stream.end(Buffer.buffer(sent)).compose(written -> came.future());
                }));
            }
            Future.all(echoes).await(SECONDS, TimeUnit.SECONDS);
        } finally {
            client.close().await(SECONDS, TimeUnit.SECONDS);
        }
        for (int i = 0; i < STREAMS; i++) {
            if (!echoes.get(i).result().toString().equals(Integer.toString(i).repeat(STREAM_BYTES))) {
                return false;
            }
        }
        return true;
    }

    private static int serverThatLosesAByte(Vertx vertx) throws Exception {
        return vertx.createNetServer()
                .connectHandler(socket -> socket.handler(bytes -> socket.end(bytes.slice(1, bytes.length()))))
                .listen(0, "127.0.0.1")
                .await(SECONDS, TimeUnit.SECONDS)
                .actualPort();
    }

    /** A report as HTML. */
    private static String page(Vertx vertx, String target) throws Exception {
        Run run = Run.open(vertx, Script.of(script(target), Source.named("consumer"))).await(SECONDS, TimeUnit.SECONDS);
        StringWriter page = new StringWriter();
        Format.HTML.to(new PrintWriter(page)).over(run.play(RunListener.NONE).await(SECONDS, TimeUnit.SECONDS));
        return page.toString();
    }

    private static String read(int port, String path) throws Exception {
        try (InputStream in = URI.create("http://127.0.0.1:" + port + path).toURL().openStream()) {
            return new String(in.readAllBytes());
        }
    }
}
