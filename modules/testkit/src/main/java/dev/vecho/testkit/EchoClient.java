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

/**
 * A client that knows nothing of Vecho, for a stream of bytes: the JDK's blocking sockets. Every read has a time limit of
 * a minute.
 */
public final class EchoClient implements AutoCloseable {

    private static final int READ_TIMEOUT_MILLIS = 60_000;

    private final Socket raw;
    private final Socket socket;

    private EchoClient(Socket raw, Socket socket) {
        this.raw = raw;
        this.socket = socket;
    }

    /**
     * Connects over TCP.
     *
     * @param receiveBuffer of the socket, in bytes; 0 for the system's default
     */
    public static EchoClient tcp(InetSocketAddress address, int receiveBuffer) throws IOException {
        Socket socket = connect(address, receiveBuffer);
        return new EchoClient(socket, socket);
    }

    /** Connects over TLS and shakes hands. */
    public static EchoClient tls(SSLContext context, String protocol, InetSocketAddress address, int receiveBuffer)
            throws IOException {
        Socket raw = connect(address, receiveBuffer);
        try {
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(raw, "localhost", address.getPort(), true);
            socket.setEnabledProtocols(new String[] {protocol});
            socket.startHandshake();
            return new EchoClient(raw, socket);
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

    public OutputStream out() throws IOException {
        return socket.getOutputStream();
    }

    public InputStream in() throws IOException {
        return socket.getInputStream();
    }

    /** Closes the output and keeps the input open. */
    public void closeOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Breaks the connection: the peer sees a reset. */
    public void reset() throws IOException {
        raw.setSoLinger(true, 0);
        raw.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
