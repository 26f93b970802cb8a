package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.config.InvalidInputException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(VertxExtension.class)
@Timeout(180)
final class EchoClientVerticleTest {

    private final Vertx vertx;

    EchoClientVerticleTest(Vertx vertx) {
        this.vertx = vertx;
    }

    @Test
    void publishesItsReport() throws TimeoutException {
        Promise<JsonObject> published = Promise.promise();
        vertx.eventBus().<JsonObject>consumer("here", message -> published.tryComplete(message.body()));
        JsonObject config = new JsonObject()
                .put("targets", new JsonArray().add("fake://one").add("fakemsg://two"))
                .put("repeat", 2)
                .put("intervalMillis", 0)
                .put("reportAddress", "here");

        await(vertx.deployVerticle("dev.vecho.client.EchoClientVerticle", new DeploymentOptions().setConfig(config)));

        JsonObject document = await(published.future());
        assertThat(document.getString("verdict")).isEqualTo("passed");
        assertThat(document.getInteger("version")).isEqualTo(2);
        assertThat(document.getBoolean("cancelled")).isFalse();
        assertThat(document.getJsonArray("cases")).hasSize(2);
        JsonObject second = document.getJsonArray("cases").getJsonObject(1);
        assertThat(second.getString("target")).isEqualTo("fakemsg://two");
        assertThat(second.getJsonObject("summary").getInteger("rounds")).isEqualTo(2);
        assertThat(second.getJsonArray("rounds").getJsonObject(1).getInteger("round"))
                .isEqualTo(2);
    }

    @Test
    void playsACaseInParallel() throws TimeoutException {
        EchoClientVerticle verticle = new EchoClientVerticle();
        JsonObject config = new JsonObject().put("targets", "fake://one").put("parallel", 20);
        await(vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(config)));
        RunReport report = await(verticle.report());
        assertThat(report.passed()).isTrue();
        assertThat(report.cases())
                .singleElement()
                .satisfies(each -> assertThat(each.summary().rounds()).isEqualTo(20));
    }

    @ParameterizedTest
    @EnumSource(
            value = ThreadingModel.class,
            names = {"EVENT_LOOP", "WORKER"})
    void handsItsReportsOver(ThreadingModel threads) throws TimeoutException {
        EchoClientVerticle verticle = new EchoClientVerticle();
        JsonObject config = new JsonObject().put("targets", "fake://one");

        await(vertx.deployVerticle(
                verticle, new DeploymentOptions().setConfig(config).setThreadingModel(threads)));

        assertThat(await(verticle.report()).passed()).isTrue();
    }

    @Test
    void cannotBeDeployedWithABadScript() {
        JsonObject config = new JsonObject().put("targets", "fake://one").put("repaet", 1);
        assertThatThrownBy(() -> await(
                        vertx.deployVerticle(new EchoClientVerticle(), new DeploymentOptions().setConfig(config))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("configuration: repaet: is not a known key, did you mean \"repeat\"?");
    }

    @Test
    void endsWhatIsPlayedWhenUndeployed() throws TimeoutException {
        EchoClientVerticle verticle = new EchoClientVerticle();
        JsonObject config = new JsonObject()
                .put("targets", new JsonArray().add("fake://silent").add("fake://one"))
                .put("timeoutMillis", 60_000);
        String id = await(vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(config)));

        await(vertx.undeploy(id));

        RunReport report = await(verticle.report());
        assertThat(report.cancelled()).isTrue();
        assertThat(report.passed()).isFalse();
        assertThat(report.cases().get(0).summary().rounds()).isZero();
    }

    private static <T> T await(Future<T> future) throws TimeoutException {
        return future.await(30, TimeUnit.SECONDS);
    }
}
