package dev.vecho.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Faults.Carried;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All that is wrong with faults is told, with its path. */
class FaultsReaderTest {

    private static List<String> problems(Carried carried, String json) {
        Problems problems = new Problems();
        Options options = Options.of(new JsonObject(json.replace('\'', '"')), Source.named("test"), problems);
        new FaultsReader(options, Set.of(carried), false).read();
        options.rejectUnknownKeys();
        return problems.messages();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'probability': -0.1} | probability: must be 0..1, was -0.1",
                "{'probability': 1.5} | probability: must be 0..1, was 1.5",
                "{'probability': 'often'} | probability: must be a number, 0..1, was \"often\"",
                "{'toPeer': {'latency': '50'}} | toPeer.latency: must be a time such as 50ms",
                "{'toPeer': {'latency': '50ms±60ms'}} | toPeer.latency: is below zero at times",
                "{'toPeer': {'latency': 50}} | toPeer.latency: must be a text",
                "{'toPeer': {'bytesPerSecond': 0}} | toPeer.bytesPerSecond: must be 1..",
                "{'toPeer': {'slice': {}}} | toPeer.slice.bytes: is missing",
                "{'toPeer': {'slice': {'bytes': 5, 'variationBytes': 5}}} | toPeer.slice.variationBytes: must be less than bytes",
                "{'toPeer': {'stallAfterBytes': -1}} | toPeer.stallAfterBytes: must be 0..",
                "{'toPeer': {'cut': {}}} | toPeer.cut: needs afterBytes or after",
                "{'toPeer': {'cut': {'after': '1s', 'with': 'axe'}}} | toPeer.cut.with: must be one of ",
                "{'toPeer': {'stallAfterBytes': 5, 'cut': {'afterBytes': 6}}} | toPeer.cut.afterBytes: is never reached",
                "{'toPeer': {'corrupt': {}}} | toPeer.corrupt: needs rate or offset",
                "{'toPeer': {'corrupt': {'rate': -1}}} | toPeer.corrupt.rate: must be 0..1, was -1",
                "{'toPeer': {'halfClose': 'refuse'}} | toPeer.halfClose: is the peer's: it belongs into fromPeer",
                "{'fromPeer': {'halfClose': 'ignore'}} | fromPeer.halfClose: must be one of ",
                "{'fromPeer': {'closeDelay': '1s'}} | fromPeer.closeDelay: is the service's: it belongs into toPeer",
                "{'fromPeer': {'loss': {'rate': 0.1}}} | fromPeer.loss: has no meaning here: a stream has no messages",
                "{'fromPeer': {'reorder': {'rate': 0.1}}} | fromPeer.reorder: has no meaning here",
                "{'every': '1s'} | every: needs for",
                "{'every': '1s', 'for': '1s'} | for: must be shorter than every",
                "{'for': '0s'} | for: must be longer than 0",
                "{'silent': true, 'toPeer': {'latency': '1s'}} | silent: contradicts the other faults",
                "{'silent': true, 'toPeer': {'cut': {'after': '1s'}}} | silent: contradicts the other faults",
                "{'handshakeDelay': '1s'} | handshakeDelay: needs tls",
                "{'certificates': {'a': 'expired'}} | certificates: needs tls",
                "{'neverAccept': true, 'toPeer': {'latency': '1s'}} | neverAccept: contradicts the other faults",
                "{'toPeer': {'status': {'code': 503}}} | toPeer.status: has no meaning here: it is the response's",
                "{'toPeer': {'loseTrailers': true}} | toPeer.loseTrailers: has no meaning here",
                "{'toPeer': {'latancy': '1s'}} | toPeer.latancy: is not a known key, did you mean \"latency\"?",
                "{'toPear': {}} | toPear: is not a known key, did you mean \"toPeer\"?"
            })
    void refusesOfStreams(String json, String problem) {
        assertThat(problems(Carried.STREAM, json)).singleElement().asString().startsWith("test: " + problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'probability': 0.5} | probability: has no meaning here",
                "{'silent': true} | silent: has no meaning here",
                "{'neverAccept': true} | neverAccept: has no meaning here",
                "{'toPeer': {'slice': {'bytes': 1}}} | toPeer.slice: has no meaning here: a message is whole",
                "{'toPeer': {'bytesPerSecond': 1}} | toPeer.bytesPerSecond: has no meaning here",
                "{'toPeer': {'closeDelay': '1s'}} | toPeer.closeDelay: has no meaning here",
                "{'fromPeer': {'halfClose': 'refuse'}} | fromPeer.halfClose: has no meaning here",
                "{'fromPeer': {'loss': {}}} | fromPeer.loss.rate: is missing",
                "{'fromPeer': {'loss': {'rate': 1.1}}} | fromPeer.loss.rate: must be 0..1, was 1.1",
                "{'fromPeer': {'loss': {'rate': 0.9, 'burst': 2}}} | fromPeer.loss.burst: is too short",
                "{'fromPeer': {'loss': {'toBad': 0.1, 'toGood': 0.1, 'rate': 0.1}}} | fromPeer.loss.rate: contradicts",
                "{'fromPeer': {'loss': {'toBad': 0.1}}} | fromPeer.loss.toGood: is missing",
                "{'fromPeer': {'duplicate': -0.5}} | fromPeer.duplicate: must be 0..1, was -0.5",
                "{'fromPeer': {'reorder': {'depth': 2}}} | fromPeer.reorder.rate: is missing",
                "{'fromPeer': {'truncate': {'rate': 1}}} | fromPeer.truncate.bytes: is missing"
            })
    void refusesOfMessages(String json, String problem) {
        assertThat(problems(Carried.MESSAGES, json)).singleElement().asString().startsWith("test: " + problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'toPeer': {'status': {}}} | toPeer.status.code: is missing: what is answered",
                "{'toPeer': {'status': {'code': 200}}} | toPeer.status.code: must be 400..599, was 200",
                "{'toPeer': {'status': {'code': 503, 'rate': 2}}} | toPeer.status.rate: must be 0..1, was 2",
                "{'fromPeer': {'status': {'code': 503}}} | fromPeer.status: is the service's: it belongs into toPeer",
                "{'fromPeer': {'loseTrailers': true}} | fromPeer.loseTrailers: is the service's",
                "{'toPeer': {'halfClose': 'refuse'}} | toPeer.halfClose: is the peer's",
                "{'silent': true, 'toPeer': {'status': {'code': 503}}} | silent: contradicts the other faults"
            })
    void refusesOfRequests(String json, String problem) {
        assertThat(problems(Carried.REQUESTS, json)).singleElement().asString().startsWith("test: " + problem);
    }

    @Test
    void takesAllOfStreamsAndMessagesForRequests() {
        assertThat(problems(
                        Carried.REQUESTS,
                        "{'probability': 0.5, 'toPeer': {'latency': '1ms', 'cut': {'after': '1s'}, 'loss': {'rate': 0.1},"
                                + " 'status': {'code': 503}}, 'fromPeer': {'halfClose': 'swallow', 'duplicate': 0.5}}"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'a.example': 'old'} | certificates.a.example: must be one of ",
                "{'-.*': 'expired'} | certificates.-.*: must be the name of a server"
            })
    void refusesOfCertificates(String names, String problem) {
        Problems problems = new Problems();
        Options options = Options.of(
                new JsonObject("{'certificates': %s}".formatted(names).replace('\'', '"')),
                Source.named("test"),
                problems);
        new FaultsReader(options, Set.of(Carried.STREAM), true).read();
        assertThat(problems.messages()).singleElement().asString().startsWith("test: " + problem);
    }

    @Test
    void findsAllInOneGo() {
        assertThat(
                        problems(
                                Carried.STREAM,
                                "{'probability': 2, 'every': '1s', 'toPeer': {'latency': 'x', 'corrupt': {}}, 'fromPeer': {'x': 1}}"))
                .hasSize(5);
    }

    /** As the environment, system properties and flags say it. */
    @Test
    void takesTexts() {
        Problems problems = new Problems();
        Options options = Options.of(
                new JsonObject()
                        .put("probability", "0.5")
                        .put("silent", "false")
                        .put(
                                "toPeer",
                                new JsonObject().put("bytesPerSecond", "1000").put("latency", "50ms+-10ms")),
                new Source("--fault", Path.of(""), true),
                problems);
        FaultSet read = new FaultsReader(options, Set.of(Carried.STREAM), false).read();
        assertThat(problems.messages()).isEmpty();
        assertThat(read.probability()).isEqualTo(0.5);
        assertThat(read.toPeer().bytesPerSecond()).isEqualTo(1000);
    }
}
