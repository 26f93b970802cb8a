package dev.vecho.testkit;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One request of HTTP/1.1, whose body has the chunked coding, and its response. */
final class HttpPeer implements Lab.Protocol, LabFault.Peer {

    private final Socket socket;
    private final Socket raw;
    private @Nullable InputStream in;
    private boolean answered;

    HttpPeer(Socket socket, Socket raw) {
        this.socket = socket;
        this.raw = raw;
    }

    @Override
    public LabFault.Peer begin() throws IOException {
        in = new BufferedInputStream(socket.getInputStream());
        while (!line(in).isEmpty()) {
            // The head of the request says nothing that matters here.
        }
        return this;
    }

    @Override
    public byte @Nullable [] read() throws IOException {
        InputStream body = in;
        if (body == null) {
            throw new IOException("not begun");
        }
        int length = Integer.parseInt(line(body), 16);
        byte[] chunk = body.readNBytes(length);
        line(body);
        return length == 0 ? null : chunk;
    }

    @Override
    public void send(byte[] bytes) throws IOException {
        answer();
        OutputStream out = socket.getOutputStream();
        out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(bytes);
        out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private void answer() throws IOException {
        if (!answered) {
            answered = true;
            String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Override
    public void end() throws IOException {
        answer();
        socket.getOutputStream().write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void cut() throws IOException {
        raw.shutdownOutput();
    }

    @Override
    public void reset() throws IOException {
        raw.setSoLinger(true, 0);
        raw.close();
    }

    /** A line, without its end. */
    static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            int one = in.read();
            if (one < 0) {
                throw new IOException("the end came within a line: " + line);
            }
            if (one == '\n') {
                return line.toString().strip();
            }
            line.append((char) one);
        }
    }
}
