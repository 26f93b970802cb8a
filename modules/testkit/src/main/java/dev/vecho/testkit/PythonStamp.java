package dev.vecho.testkit;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Peers for STAMP that know nothing of Vecho: {@code stamp.py}, which tells its options. */
public final class PythonStamp implements AutoCloseable {

    private static final String PROGRAM = "stamp.py";

    private final Process process;
    private final int port;

    private PythonStamp(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts a reflector on loopback, or ends the test where there is no Python. */
    public static PythonStamp reflector(JsonObject options) throws IOException {
        Process process = python().start("-c", program(), "reflector", options.encode());
        BufferedReader said = process.inputReader(StandardCharsets.US_ASCII);
        String line = said.readLine();
        if (line == null) {
            String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            throw new IllegalStateException("Python's reflector did not start: " + error);
        }
        return new PythonStamp(process, Integer.parseInt(line.strip()));
    }

    /** Sends packets, one after the other; returns what came back for each, null for nothing. Ends the test where there is no Python. */
    public static List<@Nullable JsonObject> send(JsonObject options) throws Exception {
        ForeignProgram.Result result = python().run(new byte[0], "-c", program(), "sender", options.encode());
        if (result.exitCode() != 0) {
            throw new IllegalStateException("Python's sender failed: " + result.err());
        }
        List<@Nullable JsonObject> replies = new ArrayList<>();
        JsonArray found = new JsonArray(result.text());
        for (int i = 0; i < found.size(); i++) {
            replies.add(found.getJsonObject(i));
        }
        return replies;
    }

    private static ForeignProgram python() {
        return ForeignProgram.find("python3", "apt-get install python3");
    }

    private static String program() throws IOException {
        return new String(ForeignEchoes.resource(PROGRAM), StandardCharsets.UTF_8);
    }

    /** The port that it has on 127.0.0.1. */
    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
