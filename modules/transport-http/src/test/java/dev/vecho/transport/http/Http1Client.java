package dev.vecho.transport.http;

import dev.vecho.testkit.EchoClient;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A chunked POST over a socket: its body is the output, the body of the response the input. Knows nothing of Netty. */
final class Http1Client implements EchoClient {

    private static final int CHUNK = 64 * 1024;
    private static final byte[] NEW_LINE = {'\r', '\n'};

    private final EchoClient socket;
    private final Body body = new Body();

    Http1Client(EchoClient socket) throws IOException {
        this.socket = socket;
        socket.out()
                .write("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
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
                for (int at = 0; at < length; at += CHUNK) {
                    int count = Math.min(CHUNK, length - at);
                    ByteArrayOutputStream chunk = new ByteArrayOutputStream(count + 10);
                    chunk.writeBytes(Integer.toHexString(count).getBytes(StandardCharsets.US_ASCII));
                    chunk.writeBytes(NEW_LINE);
                    chunk.write(bytes, offset + at, count);
                    chunk.writeBytes(NEW_LINE);
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
        socket.out().write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void reset() throws IOException {
        socket.reset();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** The chunks of the response. */
    private final class Body extends InputStream {

        private final byte[] buffer = new byte[CHUNK];
        private int position;
        private int limit;
        private boolean begun;
        private boolean ended;
        private long left;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!begun) {
                begun = true;
                String status = line();
                if (!status.equals("HTTP/1.1 200 OK")) {
                    throw new IOException("unexpected answer: " + status);
                }
                for (String header = line(); !header.isEmpty(); header = line()) {
                    if (header.toLowerCase(java.util.Locale.ROOT).startsWith("content-length")) {
                        throw new IOException("unexpected header: " + header);
                    }
                }
            }
            if (!ended && left == 0) {
                left = Long.parseLong(line(), 16);
                ended = left == 0;
                if (ended) {
                    line();
                }
            }
            if (ended) {
                return -1;
            }
            if (position == limit) {
                fill();
            }
            int count = (int) Math.min(Math.min(length, left), limit - position);
            System.arraycopy(buffer, position, target, offset, count);
            position += count;
            left -= count;
            if (left == 0) {
                line();
            }
            return count;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int value = next(); value != '\r'; value = next()) {
                line.append((char) value);
            }
            if (next() != '\n') {
                throw new IOException("a line that does not end: " + line);
            }
            return line.toString();
        }

        private int next() throws IOException {
            if (position == limit) {
                fill();
            }
            return buffer[position++] & 0xff;
        }

        private void fill() throws IOException {
            position = 0;
            limit = Math.max(0, socket.in().read(buffer));
            if (limit == 0) {
                throw new EOFException("the connection ended within the response");
            }
        }
    }
}
