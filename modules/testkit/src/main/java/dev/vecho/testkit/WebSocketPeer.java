package dev.vecho.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The frames of a WebSocket: RFC 6455, as far as a client that sends whole messages needs it. */
final class WebSocketPeer implements Lab.Protocol, LabFault.Peer {

    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int BINARY = 0x82;
    private static final int CLOSE = 0x88;

    private final Socket socket;
    private final Socket raw;
    private @Nullable DataInputStream in;

    WebSocketPeer(Socket socket, Socket raw) {
        this.socket = socket;
        this.raw = raw;
    }

    @Override
    public LabFault.Peer begin() throws IOException {
        DataInputStream input = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
        in = input;
        String key = "";
        while (true) {
            String line = HttpPeer.line(input);
            if (line.isEmpty()) {
                break;
            }
            if (line.regionMatches(true, 0, "sec-websocket-key:", 0, 18)) {
                key = line.substring(18).strip();
            }
        }
        String head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + accept(key) + "\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    private static String accept(String key) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1").digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    @Override
    public byte @Nullable [] read() throws IOException {
        DataInputStream input = in;
        if (input == null) {
            throw new IOException("not begun");
        }
        int kind = input.read();
        if (kind < 0 || kind == CLOSE) {
            return null;
        }
        long length = input.readUnsignedByte() & 0x7f;
        if (length == 126) {
            length = input.readUnsignedShort();
        } else if (length == 127) {
            length = input.readLong();
        }
        byte[] mask = input.readNBytes(4);
        byte[] payload = input.readNBytes((int) length);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i % 4];
        }
        return payload;
    }

    @Override
    public void send(byte[] bytes) throws IOException {
        frame(BINARY, bytes);
    }

    private void frame(int kind, byte[] bytes) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(kind);
        if (bytes.length < 126) {
            frame.write(bytes.length);
        } else if (bytes.length < 65_536) {
            frame.write(126);
            frame.write(bytes.length >>> 8);
            frame.write(bytes.length);
        } else {
            frame.write(127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) ((long) bytes.length >>> shift));
            }
        }
        frame.writeBytes(bytes);
        OutputStream out = socket.getOutputStream();
        out.write(frame.toByteArray());
    }

    @Override
    public void end() throws IOException {
        frame(CLOSE, new byte[] {3, (byte) 232});
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
}
