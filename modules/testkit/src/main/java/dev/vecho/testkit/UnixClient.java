package dev.vecho.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** The JDK's Unix domain sockets. */
public final class UnixClient implements EchoClient {

    private static final int PIECE_BYTES = 64 * 1024;

    private final SocketChannel channel;

    /**
     * Connects.
     *
     * @param receiveBuffer of the socket, in bytes; 0 for the system's default
     */
    public UnixClient(Path path, int receiveBuffer) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
        if (receiveBuffer > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer);
        }
    }

    // Not Channels.newOutputStream and newInputStream: these two lock each other out while one of them blocks.

    @Override
    public OutputStream out() {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                // In pieces: Java copies all that it is given before it writes any of it.
                for (int sent = 0; sent < length; ) {
                    sent += channel.write(ByteBuffer.wrap(bytes, offset + sent, Math.min(length - sent, PIECE_BYTES)));
                }
            }
        };
    }

    @Override
    public InputStream in() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return channel.read(ByteBuffer.wrap(bytes, offset, length));
            }
        };
    }

    @Override
    public void closeOutput() throws IOException {
        channel.shutdownOutput();
    }

    /** A Unix domain socket knows no reset: closed with unread bytes it breaks the peer's writes all the same. */
    @Override
    public void reset() throws IOException {
        channel.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
