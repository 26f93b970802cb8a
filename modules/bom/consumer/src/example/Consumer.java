package example;

import dev.vecho.client.Check;
import dev.vecho.net.io.Io;
import dev.vecho.server.EchoService;
import dev.vecho.server.OpenListener;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;

/** An application with the service and the check, of transports that it is told, on every io that there is. */
public class Consumer {

    public static void main(String[] transports) throws Exception {
        JsonObject listeners = new JsonObject();
        for (String transport : transports) {
            JsonObject listener = new JsonObject().put("transport", transport);
            if (!transport.equals("eventbus")) {
                listener.put("host", "127.0.0.1").put("port", 0);
            }
            listeners.put(transport, listener);
        }
        DeploymentOptions options =
                new DeploymentOptions().setInstances(2).setConfig(new JsonObject().put("listeners", listeners));
        for (String io : Io.available()) {
            Vertx vertx = Vertx.builder().withTransport(Io.transport(io)).build();
            String id = vertx.deployVerticle("dev.vecho.server.EchoServerVerticle", options)
                    .await(30, TimeUnit.SECONDS);
            for (OpenListener listener : EchoService.of(vertx, id).orElseThrow().listeners()) {
                var report = Check.once(vertx, listener.addresses().get(0)).await(30, TimeUnit.SECONDS);
                System.out.println(Io.of(vertx) + " " + listener.name() + " " + report.passed() + " "
                        + report.bytesReceived() + " bytes");
            }
            vertx.close().await(30, TimeUnit.SECONDS);
        }
        System.out.println("modules: " + Consumer.class.getModule().isNamed() + " "
                + EchoService.class.getModule().isNamed() + " " + Vertx.class.getModule().isNamed());
    }
}
