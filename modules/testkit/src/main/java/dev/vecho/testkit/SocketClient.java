package dev.vecho.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/** The JDK's blocking sockets, plain and with TLS. */
public final class SocketClient implements EchoClient {

    private static final int READ_TIMEOUT_MILLIS = 60_000;

    private final Socket raw;
    private final Socket socket;

    private SocketClient(Socket raw, Socket socket) {
        this.raw = raw;
        this.socket = socket;
    }

    /** A socket that is connected, and bounds its reads itself. */
    public static SocketClient of(Socket connected) {
        return new SocketClient(connected, connected);
    }

    /**
     * Connects over TCP.
     *
     * @param receiveBuffer of the socket, in bytes; 0 for the system's default
     */
    public static SocketClient tcp(InetSocketAddress address, int receiveBuffer) throws IOException {
        Socket socket = connect(address, receiveBuffer);
        return new SocketClient(socket, socket);
    }

    /** Connects over TLS and shakes hands. */
    public static SocketClient tls(SSLContext context, String protocol, InetSocketAddress address, int receiveBuffer)
            throws IOException {
        Socket raw = connect(address, receiveBuffer);
        try {
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(raw, "localhost", address.getPort(), true);
            socket.setEnabledProtocols(new String[] {protocol});
            socket.startHandshake();
            return new SocketClient(raw, socket);
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    /** A context that trusts an authority. */
    public static SSLContext trusting(TrustManager authority) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {authority}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    private static Socket connect(InetSocketAddress address, int receiveBuffer) throws IOException {
        Socket socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        socket.connect(address, READ_TIMEOUT_MILLIS);
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
        raw.setSoLinger(true, 0);
        raw.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
