package dev.vecho.transport.http;

import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.SocketClient;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** A WebSocket client that may send anything, legal or not. Knows nothing of Netty. */
final class RawWebSocket implements AutoCloseable {

    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;
    static final int FIN = 0x80;
    static final int RSV1 = 0x40;

    private static final byte[] MASK = {0x12, 0x34, 0x56, 0x78};

    private final EchoClient connection;
    private final DataInputStream in;
    private final String response;

    /** A frame that came. */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares frames.
    record Frame(int first, byte[] payload) {

        int opcode() {
            return first & 0x0f;
        }

        /** The code of a close frame, or -1. */
        int code() {
            return payload.length < 2 ? -1 : (payload[0] & 0xff) << 8 | (payload[1] & 0xff);
        }
    }

    RawWebSocket(HttpServer server, String headers) throws IOException {
        this(server.connect(), headers);
    }

    /** Asks for a WebSocket on a connection. */
    RawWebSocket(Socket connected, String headers) throws IOException {
        connection = SocketClient.of(connected);
        in = new DataInputStream(new java.io.BufferedInputStream(connection.in()));
        connection
                .out()
                .write(
                        ("GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                                        + headers + "\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        response = head.toString();
    }

    /** Takes over a stream whose response has come. */
    RawWebSocket(EchoClient stream, String answered) throws IOException {
        connection = stream;
        in = new DataInputStream(new java.io.BufferedInputStream(stream.in()));
        response = answered;
    }

    String response() {
        return response;
    }

    /** A frame with a mask, whose length is written as short as it can be. */
    static byte[] frame(int first, byte[] payload) {
        int form = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
        return frame(first, payload, form);
    }

    /** A frame with a mask, whose length is written with so many bytes more. */
    static byte[] frame(int first, byte[] payload, int lengthBytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(first);
        out.write(0x80 | (lengthBytes == 0 ? payload.length : lengthBytes == 2 ? 126 : 127));
        for (int i = lengthBytes - 1; i >= 0; i--) {
            out.write((int) ((long) payload.length >> (8 * i)));
        }
        out.writeBytes(MASK);
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ MASK[i % 4]);
        }
        return out.toByteArray();
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    RawWebSocket send(int first, byte[] payload) throws IOException {
        return sendRaw(frame(first, payload));
    }

    RawWebSocket sendRaw(byte[] bytes) throws IOException {
        connection.out().write(bytes);
        return this;
    }

    /** Sends bytes in pieces of any length up to one. */
    void sendInPieces(byte[] bytes, int longest) {
        Random random = new Random(longest);
        try {
            int to;
            for (int from = 0; from < bytes.length; from = to) {
                to = Math.min(from + 1 + random.nextInt(longest), bytes.length);
                sendRaw(Arrays.copyOfRange(bytes, from, to));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Frame read() throws IOException {
        int first = in.readUnsignedByte();
        int second = in.readUnsignedByte();
        if ((second & 0x80) != 0) {
            throw new IOException("a server masks nothing");
        }
        long length = second;
        if (second == 126) {
            length = in.readUnsignedShort();
        } else if (second == 127) {
            length = in.readLong();
        }
        return new Frame(first, in.readNBytes((int) length));
    }

    /** Reads a message, whatever its fragments; its first byte is that of the first fragment, with FIN. */
    Frame readMessage() throws IOException {
        Frame frame = read();
        int first = frame.first() | FIN;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(frame.payload());
        while ((frame.first() & FIN) == 0) {
            frame = read();
            if (frame.opcode() != 0) {
                throw new IOException("expected a continuation, came " + frame.opcode());
            }
            all.writeBytes(frame.payload());
        }
        return new Frame(first, all.toByteArray());
    }

    /** Reads frames up to a close frame, then the end, and returns the code. */
    int readClose() throws IOException {
        Frame frame = read();
        while (frame.opcode() != CLOSE) {
            frame = read();
        }
        if (in.read() != -1) {
            throw new IOException("something came after the close");
        }
        return frame.code();
    }

    /** Waits for the first byte of what comes next, and breaks the connection off. */
    void resetOnAnswer() throws IOException {
        in.mark(1);
        in.readUnsignedByte();
        connection.reset();
    }

    /** Ends the output, as who has got a close frame does on a stream. */
    void end() throws IOException {
        connection.closeOutput();
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
