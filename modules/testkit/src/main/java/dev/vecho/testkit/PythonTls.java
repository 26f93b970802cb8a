package dev.vecho.testkit;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A server of Python's that echoes over TLS, with OpenSSL: a healthy one that is not ours. It ends with the process that has
 * started it, whose end of its input closes.
 */
public final class PythonTls implements AutoCloseable {

    /** When it answers. */
    public enum Answers {
        /** Each piece as it comes. */
        AT_ONCE,
        /** All of it, once close_notify has come. */
        IN_THE_END,
        /** It closes when it has heard something, before TLS begins. */
        NEVER
    }

    private static final String PROGRAM = "echo.py";

    private final Process process;
    private final BufferedReader said;
    private final int port;
    private int connections;

    private PythonTls(Process process, BufferedReader said, int port) {
        this.process = process;
        this.said = said;
        this.port = port;
    }

    /**
     * Starts it, or ends the test where there is no Python.
     *
     * @param certificate a PEM file
     * @param key a PEM file
     * @param protocol the only one that it speaks, such as {@code TLSv1.3}
     */
    public static PythonTls start(Path certificate, Path key, String protocol, Answers answers) throws IOException {
        Process process = ForeignProgram.find("python3", "apt-get install python3")
                .start(
                        "-c",
                        new String(ForeignEchoes.resource(PROGRAM), StandardCharsets.UTF_8),
                        certificate.toString(),
                        key.toString(),
                        protocol.replace('.', '_'),
                        answers.toString());
        BufferedReader said = process.inputReader(StandardCharsets.US_ASCII);
        String line = said.readLine();
        if (line == null) {
            String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            throw new IllegalStateException("Python's server did not start: " + error);
        }
        String address = new JsonObject(line).getString("tls");
        return new PythonTls(process, said, Integer.parseInt(address.substring(address.lastIndexOf(':') + 1)));
    }

    /** The port that it listens on, at 127.0.0.1. */
    public int port() {
        return port;
    }

    /** How many connections it has accepted. Each is told before anything is answered on it. */
    public int connections() throws IOException {
        while (said.ready()) {
            said.readLine();
            connections++;
        }
        return connections;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
