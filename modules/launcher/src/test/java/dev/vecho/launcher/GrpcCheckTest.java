package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.Run;
import dev.vecho.client.RunListener;
import dev.vecho.client.report.Report;
import dev.vecho.client.script.Script;
import dev.vecho.core.config.Source;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.ForeignEchoes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks of gRPC: servers of others pass, and what is wrong with a server is named. */
@Timeout(120)
class GrpcCheckTest {

    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    static Path directory;

    private static Vertx vertx;
    private static ForeignEchoes foreign;

    @BeforeAll
    static void serve() throws Exception {
        vertx = Launch.vertx("auto");
        foreign = new ForeignEchoes(directory, new Certificates(directory).localhost());
        foreign.startGrpcByPython();
        foreign.startGrpcByNode();
        String own = Listeners.serve(
                        vertx, new JsonObject().put("grpc", Listeners.any().put("transport", "grpc")))
                .addresses()
                .get(0);
        assertThat(own).startsWith("grpc://");
        foreign.targets().put("vecho", Map.of("grpc", own));
    }

    @AfterAll
    static void stop() throws Exception {
        foreign.close();
        vertx.close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static String address(String server, String scheme) {
        return foreign.targets().getOrDefault(server, Map.of()).getOrDefault(scheme, "none of " + server);
    }

    private static Report check(String target, String options, String... steps) throws Exception {
        JsonObject script = new JsonObject()
                .put("timeoutMillis", 5000)
                .put("options", new JsonObject().put("grpc", new JsonObject(options)));
        if (steps.length > 0) {
            script.put("steps", new JsonArray("[" + String.join(", ", steps) + "]"));
        }
        Script aimed = Script.of(script, Source.named("test"))
                .withTargets(List.of(target), Source.named("test"))
                .withTls(new JsonObject().put("insecure", true), Source.named("test"));
        return Run.open(vertx, aimed)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .play(RunListener.NONE)
                .await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .cases()
                .get(0)
                .rounds()
                .get(0);
    }

    private static String verdict(Report report) {
        var diagnosis = report.diagnosis();
        return diagnosis == null
                ? "passed"
                : diagnosis.word() + (diagnosis.reason() == null ? "" : " " + diagnosis.reason());
    }

    /** Many messages at a time, of which some are longer than a window. */
    @ParameterizedTest
    @CsvSource({
        "vecho, grpc, streaming, false",
        "vecho, grpc, streaming, true",
        "vecho, grpc, unary, false",
        "vecho, grpc, unary, true",
        "grpc python, grpc, streaming, true",
        "grpc python, grpcs, unary, true",
        "grpc node, grpcs, streaming, true",
        "grpc node, grpc, unary, false",
    })
    void passesWithManyMessages(String server, String scheme, String kind, boolean compression) throws Exception {
        boolean unary = kind.equals("unary");
        String target = address(server, scheme) + (unary ? "/vecho.Echo/Unary" : "/vecho.Echo/Echo");
        Report report = check(
                target,
                "{ \"unary\": " + unary + ", \"compression\": " + compression + ", \"headers\": { \"token\": \"a\" } }",
                "{ \"send\": { \"random\": 1000 }, \"count\": 300 }",
                "{ \"expect\": \"echo\" }",
                "{ \"send\": { \"random\": 3000000 } }",
                "{ \"send\": { \"text\": \"\" } }",
                "{ \"close\": \"output\" }",
                "{ \"expect\": \"echo\" }",
                "{ \"expect\": \"end\" }");
        assertThat(verdict(report)).as(report.toJson().encodePrettily()).isEqualTo("passed");
        assertThat(report.details()).containsEntry("grpc", kind).containsEntry("http", "HTTP/2");
    }

    @Test
    void tellsWhatAServerWithoutTheMethodAnswers() throws Exception {
        Report report = check(address("grpc node", "grpc") + "/vecho.Echo/None", "{}");
        assertThat(verdict(report)).isEqualTo("status unimplemented");
        assertThat(String.valueOf(report.diagnosis())).contains("answered grpc 12 unimplemented: ", "/vecho.Echo/None");
    }

    /** One that takes a single message answers when the client has said its last, and not before. */
    @Test
    void tellsThatAMethodIsNotForStreams() throws Exception {
        String target = address("grpc node", "grpc") + "/vecho.Echo/Unary";
        assertThat(verdict(check(target, "{}"))).isEqualTo("buffered");
        assertThat(verdict(check(target, "{ \"unary\": true }"))).isEqualTo("passed");
    }

    // ---- broken servers

    private static final String HEAD = "status=200 type=application/grpc ";
    private static final String ECHO = HEAD + "000000000161 ";

    /** What a server answers to a message of one byte, {@code a}: frames of bytes in hex, headers, END at the last, RST, or nothing. */
    @ParameterizedTest
    @CsvSource({
        "passed, " + ECHO + "grpc=0 END",
        "status unavailable, " + ECHO + "grpc=14 message=try%20later END",
        "status unavailable, status=200 type=application/grpc grpc=14 END",
        "status internal, " + ECHO + "grpc=13 END",
        "status missing, " + ECHO + "END",
        "status missing, " + HEAD + "END",
        "status missing, " + ECHO + "other=1 END",
        "status unknown, " + ECHO + "grpc=99 END",
        "status unavailable, status=503 END",
        "status unimplemented, status=404 type=text/html 61 END",
        "status unknown, status=200 type=text/html 61 END",
        "truncated, " + HEAD + "00000000 grpc=0 END",
        "truncated, " + HEAD + "0000000001 grpc=0 END",
        "truncated, " + HEAD + "0000000001 END",
        "injected, " + HEAD + "00000000026161 grpc=0 END",
        "truncated, " + HEAD + "000000000061 grpc=0 END",
        "corrupted, " + HEAD + "000000000162 grpc=0 END",
        "duplicated, " + HEAD + "000000000161 000000000161 grpc=0 END",
        "failed, " + HEAD + "020000000161 grpc=0 END",
        "failed, " + HEAD + "010000000161 grpc=0 END",
        "failed, " + HEAD + "00ffffffff61 grpc=0 END",
        "closed, " + HEAD + "grpc=0 END",
        "reset before, " + HEAD + "RST",
        "reset after, " + ECHO + "RST",
        "closed, CLOSE",
        "truncated, " + ECHO + "CLOSE",
        "silent, " + HEAD,
        "half-close, " + ECHO,
    })
    void namesWhatIsWrong(String expected, String answer) throws Exception {
        try (Answering server = new Answering(answer)) {
            Report report = check(
                    server.target(),
                    "{}",
                    "{ \"send\": { \"text\": \"a\" } }",
                    "{ \"expect\": \"echo\", \"withinMillis\": 1500 }",
                    "{ \"close\": \"output\" }",
                    "{ \"expect\": \"end\", \"withinMillis\": 1500 }");
            assertThat(verdict(report)).as(report.toJson().encodePrettily()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "passed, " + ECHO + "grpc=0 END",
        "status unavailable, " + ECHO + "grpc=14 END",
        "status missing, " + ECHO + "END",
        "truncated, " + HEAD + "0000000001 grpc=0 END",
        "reset before, " + ECHO + "RST",
    })
    void namesWhatIsWrongWithACallOfOneMessage(String expected, String answer) throws Exception {
        try (Answering server = new Answering(answer)) {
            Report report = check(
                    server.target(),
                    "{ \"unary\": true }",
                    "{ \"send\": { \"text\": \"a\" } }",
                    "{ \"expect\": \"echo\", \"withinMillis\": 1500 }");
            assertThat(verdict(report)).as(report.toJson().encodePrettily()).isEqualTo(expected);
        }
    }

    @Test
    void namesServersThatDoNotSpeakHttp2() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answering = new Thread(() -> {
                try (Socket socket = server.accept()) {
                    socket.getInputStream().read();
                    socket.getOutputStream()
                            .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    socket.shutdownOutput();
                    socket.getInputStream().transferTo(OutputStream.nullOutputStream());
                } catch (IOException e) {
                    // The check is over.
                    return;
                }
            });
            answering.start();
            Report report = check("grpc://127.0.0.1:" + server.getLocalPort(), "{}");
            assertThat(String.valueOf(report.diagnosis()))
                    .contains("failed", "does not speak HTTP/2: it began with \"HTTP/1.1 400 Bad Request");
            answering.join(30_000);
        }
    }

    /** A server of HTTP/2 that answers the first message of a connection with what it was told to. */
    private static final class Answering implements AutoCloseable {

        private final ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        private final String answer;

        Answering(String answer) throws IOException {
            this.answer = answer;
            Thread thread = new Thread(this::serveAll);
            thread.setDaemon(true);
            thread.start();
        }

        private void serveAll() {
            while (!server.isClosed()) {
                serveNext();
            }
        }

        private void serveNext() {
            try (Socket socket = server.accept()) {
                serve(socket);
            } catch (IOException e) {
                // The check is over.
                return;
            }
        }

        String target() {
            return "grpc://127.0.0.1:" + server.getLocalPort();
        }

        private void serve(Socket socket) throws IOException {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            in.readNBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length());
            frame(out, 4, 0, 0, new byte[0]);
            boolean answered = false;
            while (true) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                in.readByte();
                int stream = in.readInt();
                in.readNBytes(length);
                if (type == 0 && !answered) {
                    answered = true;
                    if (!answer(out, stream)) {
                        // Else what was not read would make it a reset.
                        socket.shutdownOutput();
                        in.transferTo(OutputStream.nullOutputStream());
                        return;
                    }
                }
            }
        }

        /** Returns whether the connection stays open. */
        private boolean answer(OutputStream out, int stream) throws IOException {
            String[] words = answer.strip().split(" ", -1);
            ByteArrayOutputStream block = new ByteArrayOutputStream();
            for (int i = 0; i < words.length; i++) {
                boolean last = i + 1 < words.length && words[i + 1].equals("END");
                if (words[i].contains("=")) {
                    String[] field = words[i].split("=", 2);
                    field(block, name(field[0]), field[1]);
                    if (i + 1 == words.length || !words[i + 1].contains("=")) {
                        frame(out, 1, 4 | (last ? 1 : 0), stream, block.toByteArray());
                        block.reset();
                    }
                } else if (words[i].equals("RST")) {
                    frame(out, 3, 0, stream, new byte[] {0, 0, 0, 2});
                } else if (words[i].equals("CLOSE")) {
                    return false;
                } else if (!words[i].equals("END")) {
                    frame(out, 0, last ? 1 : 0, stream, HexFormat.of().parseHex(words[i]));
                }
            }
            return true;
        }

        private static String name(String field) {
            return switch (field) {
                case "status" -> ":status";
                case "type" -> "content-type";
                case "grpc" -> "grpc-status";
                case "message" -> "grpc-message";
                default -> field;
            };
        }

        /** Adds a field to a block, without any compression. */
        private static void field(ByteArrayOutputStream block, String name, String value) {
            block.write(0);
            block.write(name.length());
            block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            block.write(value.length());
            block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
        }

        private static void frame(OutputStream out, int type, int flags, int stream, byte[] payload)
                throws IOException {
            ByteBuf frame = Unpooled.buffer();
            frame.writeMedium(payload.length).writeByte(type).writeByte(flags).writeInt(stream);
            frame.writeBytes(payload);
            out.write(frame.array(), 0, frame.readableBytes());
            out.flush();
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
