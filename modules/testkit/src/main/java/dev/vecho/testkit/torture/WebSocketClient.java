package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Messages over a WebSocket: in fragments, with pings between them, the peer's fragments put together again. */
final class WebSocketClient {

    private static final int CONTINUATION = 0;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MAX_MESSAGES = 40;
    private static final long LARGEST = 1 << 20;

    private final Play play;
    private final Ledger.Account account;
    private final SplittableRandom writer;
    private final int messages;
    private final boolean orderly;
    private final long bytesInAll;
    private final Queue<Payload> sent = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> sizes = new ConcurrentLinkedQueue<>();
    private final Queue<byte[]> pings = new ConcurrentLinkedQueue<>();
    private volatile boolean brokenByUs;

    /**
     * Takes its random numbers from the play at once.
     *
     * @param largest bytes of all messages together
     */
    WebSocketClient(Play play, String listener, long largest) {
        this.play = play;
        this.account = play.account(listener);
        this.messages = 1 + (int) Manner.size(play.random(), MAX_MESSAGES);
        this.orderly = play.random().nextInt(6) > 0;
        this.bytesInAll = Math.min(Math.min(largest, play.stage().settings().largest()), 4 * LARGEST);
        this.writer = play.random().split();
    }

    void run(EchoClient socket) throws Exception {
        play.keep(socket);
        try (socket) {
            DataInputStream in = new DataInputStream(RequestStream.input(socket));
            upgrade(socket, in);
            var writing = play.beside(() -> write(socket));
            try {
                read(in);
            } catch (IOException e) {
                if (!brokenByUs) {
                    account.breaks();
                    socket.reset();
                    throw e;
                }
            } catch (WrongBytes e) {
                socket.reset();
                throw e;
            }
            play.await(java.util.List.of(writing));
        } catch (IOException e) {
            if (!brokenByUs) {
                throw e;
            }
        }
    }

    private static void upgrade(EchoClient socket, DataInputStream in) throws IOException {
        String request = """
                GET /torture HTTP/1.1\r
                Host: localhost\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                \r
                """;
        socket.out().write(request.getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            head.append((char) in.readUnsignedByte());
        }
        if (!head.toString().startsWith("HTTP/1.1 101 ") || !head.toString().contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) {
            throw new IOException("answered " + head);
        }
    }

    private void write(EchoClient socket) throws IOException {
        long left = bytesInAll;
        for (int i = 0; i < messages; i++) {
            int size = (int) Manner.size(writer, Math.min(LARGEST, Math.max(left, 1)));
            left -= size;
            Payload payload = new Payload(writer.nextLong());
            account.writes(size);
            sizes.add(size);
            sent.add(payload);
            message(socket, payload.first(size));
        }
        if (orderly) {
            frame(socket, true, CLOSE, new byte[] {3, (byte) 232});
        } else {
            brokenByUs = true;
            account.breaks();
            socket.reset();
        }
    }

    private void message(EchoClient socket, byte[] bytes) throws IOException {
        int at = 0;
        int kind = BINARY;
        do {
            int size = writer.nextBoolean() ? bytes.length - at : writer.nextInt(bytes.length - at + 1);
            boolean end = at + size == bytes.length;
            frame(socket, end, kind, Arrays.copyOfRange(bytes, at, at + size));
            at += size;
            kind = CONTINUATION;
            if (writer.nextInt(4) == 0) {
                byte[] ping = new Payload(writer.nextLong()).first(writer.nextInt(126));
                pings.add(ping);
                frame(socket, true, PING, ping);
            }
            if (end) {
                return;
            }
        } while (true);
    }

    private void frame(EchoClient socket, boolean end, int kind, byte[] bytes) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream(bytes.length + 14);
        frame.write(end ? 0x80 | kind : kind);
        if (bytes.length < 126) {
            frame.write(0x80 | bytes.length);
        } else if (bytes.length < 65_536) {
            frame.write(0x80 | 126);
            frame.write(bytes.length >>> 8);
            frame.write(bytes.length);
        } else {
            frame.write(0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) ((long) bytes.length >>> shift));
            }
        }
        byte[] mask = new Payload(writer.nextLong()).first(4);
        frame.writeBytes(mask);
        for (int i = 0; i < bytes.length; i++) {
            frame.write(bytes[i] ^ mask[i & 3]);
        }
        socket.out().write(frame.toByteArray());
    }

    private void read(DataInputStream in) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        int echoes = 0;
        Queue<byte[]> pongs = new ArrayDeque<>();
        Play.Wait wait = play.waiting();
        try {
            while (true) {
                wait.begin();
                int first = in.readUnsignedByte();
                wait.over();
                byte[] bytes = new byte[length(in)];
                in.readFully(bytes);
                switch (first & 0x0f) {
                    case BINARY, CONTINUATION -> {
                        message.writeBytes(bytes);
                        if ((first & 0x80) != 0) {
                            verify(message.toByteArray());
                            message.reset();
                            echoes++;
                        }
                    }
                    case PONG -> pongs.add(bytes);
                    case CLOSE -> {
                        checkEnd(echoes, pongs);
                        return;
                    }
                    default -> throw new WrongBytes("a frame of kind " + first);
                }
            }
        } finally {
            play.done(wait);
        }
    }

    private static int length(DataInputStream in) throws IOException {
        int length = in.readUnsignedByte();
        if (length == 126) {
            return in.readUnsignedShort();
        }
        return length == 127 ? Math.toIntExact(in.readLong()) : length;
    }

    private void verify(byte[] message) {
        Payload expected = sent.poll();
        Integer size = sizes.poll();
        if (expected == null || size == null) {
            throw new WrongBytes("a message that was never sent");
        }
        if (message.length != size) {
            throw new WrongBytes("a message of " + message.length + " bytes instead of " + size);
        }
        expected.verify(message, 0, message.length, 0);
        account.verified(message.length);
    }

    /** One pong may answer several pings, the last of them (RFC 6455, 5.5.3). */
    private void checkEnd(int echoes, Queue<byte[]> pongs) {
        if (brokenByUs) {
            return;
        }
        if (echoes < messages) {
            throw new WrongBytes("an orderly end after " + echoes + " of " + messages + " messages");
        }
        for (byte[] pong : pongs) {
            byte[] ping = pings.poll();
            while (ping != null && !Arrays.equals(ping, pong)) {
                ping = pings.poll();
            }
            if (ping == null) {
                throw new WrongBytes("a pong that answers no ping");
            }
        }
    }
}
