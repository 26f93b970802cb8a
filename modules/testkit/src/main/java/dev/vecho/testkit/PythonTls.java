package dev.vecho.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A server of Python's that echoes over TLS, with OpenSSL: a healthy one that is not ours. */
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

    /** It ends with the process that has started it, whose end of its input closes. */
    private static final String PROGRAM = """
            import os, socket, ssl, sys, threading
            certificate, key, version, answers = sys.argv[1:]
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
            def serve(raw):
                try:
                    if answers == 'NEVER':
                        raw.recv(65536)
                        raw.close()
                        return
                    with context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False) as peer:
                        kept = bytearray()
                        while received := peer.recv(65536):
                            if answers == 'AT_ONCE':
                                peer.sendall(received)
                            else:
                                kept += received
                        peer.sendall(kept)
                        peer.unwrap().close()
                except OSError:
                    pass
            def accept(listener):
                while True:
                    raw = listener.accept()[0]
                    print('accepted', flush=True)
                    threading.Thread(target=serve, args=(raw,), daemon=True).start()
            listener = socket.create_server(('127.0.0.1', 0), backlog=100)
            threading.Thread(target=accept, args=(listener,), daemon=True).start()
            print(listener.getsockname()[1], flush=True)
            sys.stdin.read()
            os._exit(0)
            """;

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
                        PROGRAM,
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
        return new PythonTls(process, said, Integer.parseInt(line));
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
