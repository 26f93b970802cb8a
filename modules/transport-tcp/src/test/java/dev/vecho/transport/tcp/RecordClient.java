package dev.vecho.transport.tcp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

/** A client of TLS that has each record in its hand, to send it in pieces, together with others, or broken. */
final class RecordClient implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    private final Socket socket;
    private final SSLEngine engine;
    private final ByteBuffer received = ByteBuffer.allocate(64 * 1024);
    private final ByteBuffer plain = ByteBuffer.allocate(64 * 1024);
    private boolean closeNotify;

    /** Connects and shakes hands. */
    RecordClient(SSLContext context, String protocol, InetSocketAddress address) throws IOException {
        socket = new Socket(address.getAddress(), address.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        engine = context.createSSLEngine(address.getHostString(), address.getPort());
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {protocol});
        received.flip();
        plain.flip();
        engine.beginHandshake();
        while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> send(wrap(new byte[0]));
                case NEED_TASK -> engine.getDelegatedTask().run();
                default -> {
                    if (!unwrap()) {
                        throw new IOException("ended in the handshake");
                    }
                }
            }
        }
    }

    /** Makes records of bytes, one for each 16 KiB. */
    byte[] records(byte[] bytes) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int from = 0; from < bytes.length; from += 16 * 1024) {
            all.write(wrap(Arrays.copyOfRange(bytes, from, Math.min(from + 16 * 1024, bytes.length))));
        }
        return all.toByteArray();
    }

    /** Makes the record that asks for new keys, and has them from then on; TLS 1.3. */
    byte[] keyUpdate() throws IOException {
        engine.beginHandshake();
        return wrap(new byte[0]);
    }

    byte[] closeNotify() throws IOException {
        engine.closeOutbound();
        return wrap(new byte[0]);
    }

    void send(byte[]... parts) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.write(part);
        }
        socket.getOutputStream().write(all.toByteArray());
    }

    /** Sends FIN. */
    void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    byte[] read(int count) throws IOException {
        byte[] bytes = new byte[count];
        for (int have = 0; have < count; ) {
            if (!plain.hasRemaining() && !unwrap()) {
                throw new IOException("ended after " + have + " of " + count + " bytes");
            }
            int part = Math.min(plain.remaining(), count - have);
            plain.get(bytes, have, part);
            have += part;
        }
        return bytes;
    }

    /** Waits for the end, before which nothing may come; tells whether there was a close_notify. */
    boolean endsWithCloseNotify() throws IOException {
        while (unwrap()) {
            if (plain.hasRemaining()) {
                throw new IOException(plain.remaining() + " bytes too many");
            }
        }
        return closeNotify;
    }

    /** Waits for the end, whatever comes before. */
    void awaitEnd() throws IOException {
        try {
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (SocketException reset) {
            // An end, too.
        }
    }

    private byte[] wrap(byte[] bytes) throws IOException {
        ByteBuffer source = ByteBuffer.wrap(bytes);
        ByteBuffer target = ByteBuffer.allocate(64 * 1024);
        do {
            engine.wrap(source, target);
        } while (source.hasRemaining());
        return Arrays.copyOf(target.array(), target.position());
    }

    /** Takes a record, or reads more. Returns false at the end. */
    private boolean unwrap() throws IOException {
        plain.compact();
        SSLEngineResult result;
        try {
            result = engine.unwrap(received, plain);
        } finally {
            plain.flip();
        }
        switch (result.getStatus()) {
            case OK -> {
                return true;
            }
            case CLOSED -> {
                closeNotify = true;
                if (socket.getInputStream().read() >= 0) {
                    throw new IOException("something came after close_notify");
                }
                return false;
            }
            case BUFFER_UNDERFLOW -> {
                received.compact();
                int count;
                try {
                    count = socket.getInputStream().read(received.array(), received.position(), received.remaining());
                    received.position(received.position() + Math.max(count, 0));
                } finally {
                    received.flip();
                }
                return count >= 0;
            }
            default -> throw new IOException("a record that does not fit: " + result);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
