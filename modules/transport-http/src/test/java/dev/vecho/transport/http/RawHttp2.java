package dev.vecho.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** HTTP/2 frame by frame over a socket, for what no orderly client sends. */
final class RawHttp2 implements AutoCloseable {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;

    static final int INITIAL_WINDOW_SIZE = 4;

    private static final int MAX_FRAME_BYTES = 16_384;
    private static final int SERVERS_STREAM_WINDOW = 256 * 1024;
    private static final int QUIET_MILLIS = 700;
    private static final int PATIENCE_MILLIS = 60_000;

    private final Socket socket;
    private final Map<Integer, Long> windows = new HashMap<>();
    private final Map<Integer, String> statuses = new HashMap<>();
    private final Map<Integer, Http2Headers> headers = new HashMap<>();
    private final Set<Integer> ended = new HashSet<>();
    private final DataInputStream in;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder();

    /** A frame that came. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Frame(int type, int flags, int stream, byte[] payload) {

        boolean is(int wantedType, int wantedStream) {
            return type == wantedType && stream == wantedStream;
        }

        /** The number that a payload has at some place. */
        int number(int at) {
            return Unpooled.wrappedBuffer(payload).getInt(at);
        }
    }

    /** Connects and says hello, with the given settings: pairs of identifier and value. */
    RawHttp2(HttpServer server, int... settings) throws IOException {
        socket = server.connect();
        in = new DataInputStream(socket.getInputStream());
        write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        ByteBuf payload = Unpooled.buffer();
        for (int i = 0; i < settings.length; i += 2) {
            payload.writeShort(settings[i]).writeInt(settings[i + 1]);
        }
        send(SETTINGS, 0, 0, bytes(payload));
        send(SETTINGS, ACK, 0);
    }

    void write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void send(int type, int flags, int stream, byte... payload) throws IOException {
        ByteBuf frame = Unpooled.buffer();
        frame.writeMedium(payload.length).writeByte(type).writeByte(flags).writeInt(stream);
        write(bytes(frame.writeBytes(payload)));
    }

    /** A frame whose payload is a number of 32 bits. */
    void sendNumber(int type, int stream, int number) throws IOException {
        send(type, 0, stream, bytes(Unpooled.buffer().writeInt(number)));
    }

    /** A block of headers, each a name and a value, without any compression. */
    static byte[] block(String... headers) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < headers.length; i += 2) {
            block.write(0);
            text(block, headers[i]);
            text(block, headers[i + 1]);
        }
        return block.toByteArray();
    }

    private static void text(ByteArrayOutputStream block, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        // RFC 7541, section 5.1: an integer with a prefix of 7 bits.
        if (bytes.length < 127) {
            block.write(bytes.length);
        } else {
            block.write(127);
            int rest = bytes.length - 127;
            for (; rest >= 128; rest >>= 7) {
                block.write((rest & 127) | 128);
            }
            block.write(rest);
        }
        block.writeBytes(bytes);
    }

    /** Begins a POST. */
    void post(int stream) throws IOException {
        send(
                HEADERS,
                END_HEADERS,
                stream,
                block(":method", "POST", ":scheme", "http", ":path", "/", ":authority", "localhost"));
    }

    /** The next frame; null when the listener has closed the connection. */
    @Nullable Frame next() throws IOException {
        try {
            return frame(in.readUnsignedByte());
        } catch (EOFException | SocketException e) {
            return null;
        }
    }

    private Frame frame(int first) throws IOException {
        int length = first << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = new byte[length];
        in.readFully(payload);
        Frame frame = new Frame(type, flags, stream, payload);
        if (type <= HEADERS && (flags & END_STREAM) != 0) {
            ended.add(stream);
        }
        if (type == WINDOW_UPDATE) {
            windows.merge(stream, (long) frame.number(0), Long::sum);
        } else if (type == HEADERS) {
            try {
                Http2Headers read = decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload));
                headers.put(stream, read);
                if (read.status() != null) {
                    statuses.put(stream, read.status().toString());
                }
            } catch (Http2Exception e) {
                throw new IOException(e);
            }
        }
        return frame;
    }

    /** Sends on a stream as much as the windows allow, until none has been widened for a while. */
    void fill(int stream) throws IOException {
        while (true) {
            int count = (int) Math.min(MAX_FRAME_BYTES, window(stream));
            if (count > 0) {
                data(stream, 0, new byte[count]);
            } else {
                socket.setSoTimeout(QUIET_MILLIS);
                int first;
                try {
                    first = in.read();
                } catch (SocketTimeoutException e) {
                    return;
                } finally {
                    socket.setSoTimeout(PATIENCE_MILLIS);
                }
                frame(first);
            }
        }
    }

    private long window(int stream) {
        return Math.min(windows.getOrDefault(0, 0L) + 65_535, windows.getOrDefault(stream, 0L) + SERVERS_STREAM_WINDOW);
    }

    /** Sends data once the windows allow it. */
    void data(int stream, int flags, byte[] bytes) throws IOException {
        while (window(stream) < bytes.length) {
            if (next() == null) {
                throw new EOFException("the connection was closed");
            }
        }
        windows.merge(0, (long) -bytes.length, Long::sum);
        windows.merge(stream, (long) -bytes.length, Long::sum);
        send(DATA, flags, stream, bytes);
    }

    /** Reads until a frame of a type comes on a stream. */
    Frame await(int type, int stream) throws IOException {
        return await(type, stream, before -> {});
    }

    /** The same; the frames before it go to somebody. */
    Frame await(int type, int stream, Consumer<Frame> before) throws IOException {
        StringBuilder others = new StringBuilder();
        for (Frame frame = next(); frame != null; frame = next()) {
            if (frame.is(type, stream)) {
                return frame;
            }
            before.accept(frame);
            others.append(' ').append(frame.type()).append('@').append(frame.stream());
        }
        throw new EOFException("no frame of type " + type + " on stream " + stream + ", but" + others);
    }

    /** The status of the response on a stream. */
    String status(int stream) throws IOException {
        while (!statuses.containsKey(stream)) {
            await(HEADERS, stream);
        }
        return statuses.get(stream);
    }

    /** The headers of the response on a stream, which has no trailers yet. */
    Http2Headers head(int stream) throws IOException {
        status(stream);
        return Objects.requireNonNull(headers.get(stream));
    }

    /** Reads so many bytes of the response's body on a stream. */
    byte[] read(int stream, int count) throws IOException {
        ByteBuf body = Unpooled.buffer();
        while (body.readableBytes() < count) {
            body.writeBytes(await(DATA, stream).payload());
        }
        return bytes(body);
    }

    /** Reads until the response on a stream has ended. */
    void awaitEnd(int stream) throws IOException {
        while (!ended.contains(stream)) {
            if (next() == null) {
                throw new EOFException("stream " + stream + " did not end");
            }
        }
    }

    /** Reads until the listener has closed the connection. */
    void awaitClose() throws IOException {
        Frame frame;
        do {
            frame = next();
        } while (frame != null);
    }

    void closeOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Reads until a stream has ended, and returns its last headers, which are the trailers where it has any. */
    Http2Headers end(int stream) throws IOException {
        awaitEnd(stream);
        return Objects.requireNonNull(headers.get(stream));
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
