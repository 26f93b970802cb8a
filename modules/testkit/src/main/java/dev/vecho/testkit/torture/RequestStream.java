package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** One request of HTTP/1.1: its body is the output, the body of the response the input. The connection can have more. */
final class RequestStream implements EchoClient {

    private static final int UNKNOWN = -1;

    private final EchoClient socket;
    private final InputStream from;
    private final boolean chunked;
    private final boolean last;
    private final Body body = new Body();

    /**
     * Begins a request.
     *
     * @param from the input of the socket
     * @param size of the body, which is announced; less than 0 for the chunked coding
     * @param last whether the connection is closed after it
     */
    RequestStream(EchoClient socket, InputStream from, long size, boolean last) throws IOException {
        this.socket = socket;
        this.from = from;
        this.chunked = size < 0;
        this.last = last;
        String framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + size;
        String connection = last ? "Connection: close\r\n" : "";
        socket.out()
                .write(("POST /torture HTTP/1.1\r\nHost: localhost\r\n" + connection + framing + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    /** The input of a socket, for all requests on it. */
    static InputStream input(EchoClient socket) throws IOException {
        return new BufferedInputStream(socket.in(), 1 << 16);
    }

    @Override
    public OutputStream out() {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (!chunked) {
                    socket.out().write(bytes, offset, length);
                } else if (length > 0) {
                    ByteArrayOutputStream chunk = new ByteArrayOutputStream(length + 12);
                    chunk.writeBytes((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
                    chunk.write(bytes, offset, length);
                    chunk.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
                    socket.out().write(chunk.toByteArray());
                }
            }
        };
    }

    @Override
    public InputStream in() {
        return body;
    }

    @Override
    public void closeOutput() throws IOException {
        if (chunked) {
            socket.out().write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Override
    public void reset() throws IOException {
        socket.reset();
    }

    /** Closes the connection only where this is the last request on it. */
    @Override
    public void close() throws IOException {
        if (last) {
            socket.close();
        }
    }

    /** The response's body. */
    private final class Body extends InputStream {

        private boolean begun;
        private boolean responseChunked;
        private long left;
        private boolean ended;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (!begun) {
                begun = true;
                head();
            }
            if (!ended && responseChunked && left == 0) {
                left = Long.parseLong(line(), 16);
                if (left == 0) {
                    ended = true;
                    if (!line().isEmpty()) {
                        throw new IOException("trailers came");
                    }
                }
            }
            if (ended || (left == 0 && !responseChunked)) {
                return -1;
            }
            int count = from.read(bytes, offset, (int) Math.min(length, left == UNKNOWN ? length : left));
            if (count < 0) {
                // HTTP tells such an end from an orderly one.
                throw new IOException("the connection ended within the body of a response");
            }
            left -= count;
            if (left == 0 && responseChunked && !line().isEmpty()) {
                throw new IOException("a chunk is longer than it says");
            }
            return count;
        }

        private void head() throws IOException {
            String status = line();
            if (!status.startsWith("HTTP/1.1 200")) {
                throw new IOException("answered " + status);
            }
            left = UNKNOWN;
            for (String header = line(); !header.isEmpty(); header = line()) {
                String lower = header.toLowerCase(java.util.Locale.ROOT);
                if (lower.startsWith("content-length:")) {
                    left = Long.parseLong(lower.substring(15).strip());
                } else if (lower.equals("transfer-encoding: chunked")) {
                    responseChunked = true;
                    left = 0;
                }
            }
            if (left == UNKNOWN) {
                throw new IOException("a response without a length");
            }
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            while (true) {
                int one = from.read();
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
}
