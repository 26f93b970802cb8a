package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.Transport;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.transport.http.HttpTransport;
import dev.vecho.transport.tcp.TcpTransport;
import dev.vecho.transport.udp.UdpTransport;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FramedServiceTest {

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private void read(Transport transport, String options) {
        Problems problems = new Problems();
        JsonObject listener = new JsonObject("{ 'port': 0, 'service': { 'framed': OPTIONS } }"
                .replace('\'', '"')
                .replace("OPTIONS", options));
        transport.server(vertx, Options.of(listener, Source.named("test"), problems));
        problems.throwIfAny();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"maxHeaderBytes\": 0}                 | maxHeaderBytes: must be 1..65535, was 0",
                "{\"maxHeaderBytes\": 65536}             | maxHeaderBytes: must be 1..65535, was 65536",
                "{\"maxContentBytes\": -1}               | maxContentBytes: must be 0..9007199254740991, was -1",
                "{\"maxContentBytes\": 9007199254740992} | maxContentBytes: must be 0..9007199254740991, was 9007199254740992",
                "{\"maxContentBytes\": \"x\"}            | maxContentBytes: must be a number, 0..9007199254740991, was \"x\"",
                "{\"maxBytes\": 1}                       | maxBytes: is not a known key",
            })
    void refusesOptions(String options, String problem) {
        assertThatThrownBy(() -> read(new TcpTransport(), options))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("test: service.framed." + problem);
    }

    @Test
    void takesTheOutermostLimits() {
        read(new TcpTransport(), "{\"maxHeaderBytes\": 1, \"maxContentBytes\": 9007199254740991}");
        read(new TcpTransport(), "{\"maxHeaderBytes\": 65535, \"maxContentBytes\": 0}");
    }

    @Test
    void needsAStream() {
        for (Transport transport : new Transport[] {new UdpTransport(), new HttpTransport()}) {
            assertThatThrownBy(() -> read(transport, "{}"))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("service: framed needs a stream, for a frame may be of any length");
        }
    }
}
