package dev.vecho.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** What is said in plain text before TLS begins. */
final class StartTlsPeer {

    private StartTlsPeer() {}

    /** Echoes lines until one is STARTTLS, answers GO AHEAD, and shakes hands. */
    static Socket greet(Socket raw, SSLContext context) throws IOException {
        InputStream in = raw.getInputStream();
        while (true) {
            String line = HttpPeer.line(in);
            boolean go = line.equals("STARTTLS");
            raw.getOutputStream().write(((go ? "GO AHEAD" : line) + "\n").getBytes(StandardCharsets.US_ASCII));
            if (go) {
                return Lab.secure(raw, context, new SSLParameters());
            }
        }
    }
}
