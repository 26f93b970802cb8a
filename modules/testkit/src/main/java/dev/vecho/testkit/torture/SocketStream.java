package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** The JDK's blocking sockets over TCP, with buffers of any size, plain or with TLS, behind a PROXY header or without. */
final class SocketStream implements EchoClient {

    private static final int TIMEOUT_MILLIS = 100_000;

    private final Socket raw;
    private final Socket socket;

    private SocketStream(Socket raw, Socket socket) {
        this.raw = raw;
        this.socket = socket;
    }

    /**
     * What is chosen before a connection is opened.
     *
     * @param receiveBuffer in bytes; 0 for the system's choice
     * @param sendBuffer in bytes; 0 for the system's choice
     * @param proxyHeader sent before all else; maybe empty
     * @param tls the version; null for plain text
     */
    record Opening(
            int receiveBuffer,
            int sendBuffer,
            String proxyHeader,
            @Nullable String tls) {

        private static final int[] BUFFERS = {0, 0, 0, 0, 1024, 4096, 65_536, 1 << 20};
        private static final int TINY = 4096;

        /** Chooses one. */
        static Opening any(SplittableRandom random, boolean proxy, boolean tls) {
            int receive = BUFFERS[random.nextInt(BUFFERS.length)];
            int send = BUFFERS[random.nextInt(BUFFERS.length)];
            String version = random.nextBoolean() ? "TLSv1.3" : "TLSv1.2";
            String header = random.nextBoolean() ? "PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\n" : "PROXY UNKNOWN\r\n";
            return new Opening(receive, send, proxy ? header : "", tls ? version : null);
        }

        /** The largest size that goes through such buffers soon: Linux may let 2 KiB through five times a second. */
        long largest() {
            boolean tiny = (receiveBuffer > 0 && receiveBuffer <= TINY) || (sendBuffer > 0 && sendBuffer <= TINY);
            return tiny ? 1 << 16 : Long.MAX_VALUE;
        }
    }

    /** Connects, and shakes hands where there is TLS. */
    static SocketStream connect(InetSocketAddress address, Opening opening, SSLContext context) throws IOException {
        Socket raw = new Socket();
        try {
            if (opening.receiveBuffer > 0) {
                raw.setReceiveBufferSize(opening.receiveBuffer);
            }
            if (opening.sendBuffer > 0) {
                raw.setSendBufferSize(opening.sendBuffer);
            }
            raw.setSoTimeout(TIMEOUT_MILLIS);
            raw.setTcpNoDelay(true);
            raw.connect(address, TIMEOUT_MILLIS);
            raw.getOutputStream().write(opening.proxyHeader.getBytes(StandardCharsets.US_ASCII));
            return new SocketStream(raw, opening.tls == null ? raw : secure(raw, opening.tls, address, context));
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    private static Socket secure(Socket raw, String version, InetSocketAddress address, SSLContext context)
            throws IOException {
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(raw, "localhost", address.getPort(), true);
        socket.setEnabledProtocols(new String[] {version});
        socket.startHandshake();
        return socket;
    }

    @Override
    public OutputStream out() throws IOException {
        return socket.getOutputStream();
    }

    @Override
    public InputStream in() throws IOException {
        return socket.getInputStream();
    }

    @Override
    public void closeOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void reset() throws IOException {
        if (!raw.isClosed()) {
            raw.setSoLinger(true, 0);
            raw.close();
        }
    }

    /** Past TLS, whose close_notify could wait for ever for a peer that does not read. */
    @Override
    public void close() throws IOException {
        raw.close();
    }
}
