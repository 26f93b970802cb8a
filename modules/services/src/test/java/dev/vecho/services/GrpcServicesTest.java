package dev.vecho.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.Target;
import dev.vecho.core.Transport;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.ForeignProgram.Result;
import dev.vecho.testkit.ListenerContract;
import dev.vecho.transport.http.GrpcTransport;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Services that answer each message of a call of gRPC with one, with gRPC's own client. */
class GrpcServicesTest extends ListenerContract {

    /** Prints a line for each answer to three messages, the status of the call, and what the health service says. */
    private static final String CALLS = """
            import grpc, sys
            same = lambda message: message
            with grpc.insecure_channel(sys.argv[1]) as channel:
                call = channel.stream_stream('/any.Service/Method', same, same)(
                    iter([b'a', b'', b'c' * 1000]), timeout=60, wait_for_ready=True)
                try:
                    for answer in call:
                        print('answer', answer)
                except grpc.RpcError:
                    pass
                print('status', call.code().name)
                check = channel.unary_unary('/grpc.health.v1.Health/Check', same, same)
                print('health', check(b'', timeout=60))
            """;

    GrpcServicesTest() {
        super(usualIo());
    }

    @Override
    protected Transport transport() {
        return new GrpcTransport();
    }

    @Override
    protected JsonObject options() {
        return new JsonObject().put("host", "127.0.0.1").put("port", 0);
    }

    private List<String> calls(JsonObject options) throws Exception {
        ForeignProgram python = ForeignProgram.findPythonWith("grpc", "apt-get install python3-grpcio");
        int port = Target.parse(listen(options)).port();
        Result result = python.run(new byte[0], "-c", CALLS, "127.0.0.1:" + port);
        assertThat(result.exitCode()).as(result.text() + result.err()).isZero();
        return result.text().lines().toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "chargen | b'[ -~]+'",
                "daytime | b'.*-UTC\\\\r\\\\n'",
                "time | b.*",
                "whoami | b.*HTTP/2.*/any.Service/Method.*"
            })
    void answersEachMessage(String service, String answer) throws Exception {
        List<String> told = calls(options().put("service", service));
        assertThat(told).hasSize(5).endsWith("status OK", "health b'\\x08\\x01'");
        assertThat(told.subList(0, 3)).allSatisfy(each -> assertThat(each).matches("answer " + answer));
    }

    @Test
    void discardsMessages() throws Exception {
        assertThat(calls(options().put("service", "discard"))).containsExactly("status OK", "health b'\\x08\\x01'");
    }

    @Test
    void givesMessagesToAServiceAsTheyAre() throws Exception {
        assertThat(calls(options().put("service", "copy")))
                .containsExactly(
                        "answer b'a'",
                        "answer b''",
                        "answer b'" + "c".repeat(1000) + "'",
                        "status OK",
                        "health b'\\x08\\x01'");
    }

    @Test
    void refusesMessagesThatAreTooLarge() throws Exception {
        assertThat(calls(options().put("service", "copy").put("maxMessageBytes", 999)))
                .contains("status RESOURCE_EXHAUSTED")
                .endsWith("health b'\\x08\\x01'");
    }
}
