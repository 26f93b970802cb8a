package dev.vecho.testkit;

import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Echo servers that are broken on purpose, to see whether a client says what is wrong. They are written with the JDK's
 * blocking sockets, or where it has none with Vert.x, and share nothing with the servers that they stand for.
 *
 * <pre>{@code
 * try (Lab lab = Lab.tcp(Fault.endsAt(1000))) {
 *     check(lab.target());
 * }
 * }</pre>
 *
 * <p>Each listens on loopback, on a port of its own, until it is closed.
 */
public final class Lab implements AutoCloseable {

    private static final int CHUNK = 64 * 1024;

    private final String target;
    private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private Lab(String target) {
        this.target = target;
    }

    /** The URI of what a client is to connect to. */
    public String target() {
        return target;
    }

    /** The same target by another scheme: plain text where TLS is spoken, or the reverse. */
    public String target(String scheme) {
        return scheme + target.substring(target.indexOf(':'));
    }

    // ---- what there is

    /** Over TCP. */
    public static Lab tcp(LabFault fault) throws IOException {
        return sockets("tcp", fault, socket -> socket, PlainPeer::new);
    }

    /** Over TLS on TCP. */
    public static Lab tls(LabFault fault, SSLContext context) throws IOException {
        return sockets("tls", fault, socket -> secure(socket, context, new SSLParameters()), PlainPeer::new);
    }

    /**
     * Over TLS on TCP.
     *
     * @param parameters what is null in them is left as it is
     */
    public static Lab tls(LabFault fault, SSLContext context, SSLParameters parameters) throws IOException {
        return sockets("tls", fault, socket -> secure(socket, context, parameters), PlainPeer::new);
    }

    /** The body of one request of HTTP/1.1 on each connection. */
    public static Lab http(LabFault fault) throws IOException {
        return sockets("http", fault, socket -> socket, HttpPeer::new);
    }

    /** The messages of a WebSocket. */
    public static Lab webSocket(LabFault fault) throws IOException {
        return sockets("ws", fault, socket -> socket, WebSocketPeer::new);
    }

    /** Over TCP; plain lines come back until one is STARTTLS, which is answered with GO AHEAD, and then all over TLS. */
    public static Lab startTls(SSLContext context) throws IOException {
        return sockets("tcp", LabFault.none(), socket -> StartTlsPeer.greet(socket, context), PlainPeer::new);
    }

    /** A server that says something in plain text, and nothing else. */
    public static Lab banner(String banner) throws IOException {
        return tcp(number -> new LabFault.Session() {
            @Override
            public void connected(LabFault.Peer peer) throws IOException {
                peer.send(banner.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            }

            @Override
            public void received(LabFault.Peer peer, byte[] bytes) {
                // What it says, it has said.
            }
        });
    }

    /** On a Unix domain socket, which it makes in a directory. */
    public static Lab unix(LabFault fault, Path directory) throws IOException {
        Path path = directory.resolve("lab-" + System.nanoTime() + ".sock");
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
        Lab lab = new Lab("unix://" + path);
        lab.open.add(server);
        AtomicInteger count = new AtomicInteger();
        lab.start(() -> {
            while (true) {
                SocketChannel channel = server.accept();
                lab.open.add(channel);
                LabFault.Session session = fault.session(count.getAndIncrement());
                lab.start(() -> serve(channel, session));
            }
        });
        return lab;
    }

    /** Datagrams, of which each address is a connection. */
    public static Lab udp(LabFault fault) throws IOException {
        DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
        Lab lab = new Lab("udp://127.0.0.1:" + socket.getLocalPort());
        lab.open.add(socket);
        lab.start(() -> {
            Map<SocketAddress, LabFault.Session> sessions = new HashMap<>();
            DatagramPacket packet = new DatagramPacket(new byte[CHUNK], CHUNK);
            while (true) {
                packet.setLength(CHUNK);
                socket.receive(packet);
                SocketAddress from = packet.getSocketAddress();
                sessions.computeIfAbsent(from, one -> fault.session(sessions.size()))
                        .received(new DatagramPeer(socket, from), Arrays.copyOf(packet.getData(), packet.getLength()));
            }
        });
        return lab;
    }

    /** Streams of QUIC, of which each is a connection. */
    public static Lab quic(Vertx vertx, LabFault fault, Certificates.Issued issued) {
        VertxPeer.Listening listening = VertxPeer.quic(vertx, fault, issued);
        Lab lab = new Lab("quic://127.0.0.1:" + listening.port());
        lab.open.add(() -> listening.server().close().await());
        return lab;
    }

    /** Messages on the event bus of a Vert.x instance. */
    public static Lab bus(Vertx vertx, LabFault fault) {
        String address = "lab." + System.nanoTime();
        MessageConsumer<?> consumer = VertxPeer.bus(vertx, address, fault);
        Lab lab = new Lab("bus://" + address);
        lab.open.add(() -> consumer.unregister().await());
        return lab;
    }

    /** An address where nobody listens. */
    public static Lab nobody(String scheme) throws IOException {
        return new Lab(scheme + "://127.0.0.1:" + Ports.free());
    }

    /**
     * A port that does not answer an attempt to connect: Linux drops what comes while all that may wait to be accepted do.
     */
    public static Lab filtered(String scheme) throws IOException {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        Lab lab = new Lab(scheme + "://127.0.0.1:" + server.getLocalPort());
        lab.open.add(server);
        for (int i = 0; i < 2; i++) {
            lab.open.add(new Socket(server.getInetAddress(), server.getLocalPort()));
        }
        return lab;
    }

    @Override
    public void close() {
        closed = true;
        List<AutoCloseable> all = new ArrayList<>(open);
        for (AutoCloseable one : all) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException("cannot close " + one, e);
            }
        }
    }

    // ---- how it works

    private interface Task {
        void run() throws IOException;
    }

    /** What goes on top of a socket. */
    interface Layer {
        Socket on(Socket socket) throws IOException;
    }

    /** A protocol, on one connection. */
    interface Protocol {

        /** Reads up to the first byte of the payload. */
        LabFault.Peer begin() throws IOException;

        /** Some bytes of the payload, or one message; null at the end of the input. */
        byte @Nullable [] read() throws IOException;
    }

    /** Makes one on a socket. */
    interface Protocols {
        /**
         * Makes it.
         *
         * @param raw the socket beneath TLS
         */
        Protocol on(Socket socket, Socket raw);
    }

    private static Lab sockets(String scheme, LabFault fault, Layer layer, Protocols protocols) throws IOException {
        ServerSocket server = new ServerSocket(0, 100, InetAddress.getByName("127.0.0.1"));
        Lab lab = new Lab(scheme + "://127.0.0.1:" + server.getLocalPort());
        lab.open.add(server);
        AtomicInteger count = new AtomicInteger();
        lab.start(() -> {
            while (true) {
                Socket raw = server.accept();
                lab.open.add(raw);
                raw.setTcpNoDelay(true);
                LabFault.Session session = fault.session(count.getAndIncrement());
                lab.start(() -> serve(protocols.on(layer.on(raw), raw), session));
            }
        });
        return lab;
    }

    private static void serve(Protocol protocol, LabFault.Session session) throws IOException {
        LabFault.Peer peer = protocol.begin();
        session.connected(peer);
        while (true) {
            byte @Nullable [] bytes = protocol.read();
            if (bytes == null) {
                session.ended(peer);
                return;
            }
            session.received(peer, bytes);
        }
    }

    private static void serve(SocketChannel channel, LabFault.Session session) throws IOException {
        serve(new ChannelPeer(channel), session);
    }

    private void start(Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // The client went away, was not trusted, or the lab is closed.
                        if (!closed && !(e instanceof SSLException)) {
                            System.Logger log = System.getLogger(Lab.class.getName());
                            log.log(System.Logger.Level.DEBUG, target + ": " + e);
                        }
                    }
                },
                "lab " + target);
        thread.setDaemon(true);
        thread.start();
    }

    static Socket secure(Socket raw, SSLContext context, SSLParameters parameters) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(raw, raw.getInetAddress().getHostAddress(), raw.getPort(), false);
        socket.setUseClientMode(false);
        SSLParameters changed = socket.getSSLParameters();
        if (parameters.getProtocols() != null) {
            changed.setProtocols(parameters.getProtocols());
        }
        if (parameters.getCipherSuites() != null) {
            changed.setCipherSuites(parameters.getCipherSuites());
        }
        if (parameters.getApplicationProtocols().length > 0) {
            changed.setApplicationProtocols(parameters.getApplicationProtocols());
        }
        changed.setNeedClientAuth(parameters.getNeedClientAuth());
        socket.setSSLParameters(changed);
        try {
            socket.startHandshake();
        } catch (SSLException e) {
            // As a server does that has said why: it does not reset the connection by leaving something unread.
            drain(raw);
            throw e;
        }
        return socket;
    }

    private static void drain(Socket raw) throws IOException {
        if (!raw.isClosed()) {
            raw.shutdownOutput();
            byte[] rest = new byte[CHUNK];
            while (raw.getInputStream().read(rest) >= 0) {
                // Read, and forgotten.
            }
            raw.close();
        }
    }

    /** Bytes on a socket, or on TLS on one. */
    private static final class PlainPeer implements Protocol, LabFault.Peer {

        private final Socket socket;
        private final Socket raw;

        PlainPeer(Socket socket, Socket raw) {
            this.socket = socket;
            this.raw = raw;
        }

        @Override
        public LabFault.Peer begin() {
            return this;
        }

        @Override
        public byte @Nullable [] read() throws IOException {
            byte[] bytes = new byte[CHUNK];
            int count = socket.getInputStream().read(bytes);
            return count < 0 ? null : Arrays.copyOf(bytes, count);
        }

        @Override
        public void send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        @Override
        public void end() throws IOException {
            socket.shutdownOutput();
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

    /** Bytes on a Unix domain socket, whose reset is a close with something unread. */
    private static final class ChannelPeer implements Protocol, LabFault.Peer {

        private final SocketChannel channel;

        ChannelPeer(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public LabFault.Peer begin() {
            return this;
        }

        @Override
        public byte @Nullable [] read() throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(CHUNK);
            int count = channel.read(bytes);
            return count < 0 ? null : Arrays.copyOf(bytes.array(), count);
        }

        @Override
        public void send(byte[] bytes) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        @Override
        public void end() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public void cut() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public void reset() throws IOException {
            channel.close();
        }
    }

    private record DatagramPeer(DatagramSocket socket, SocketAddress to) implements LabFault.Peer {

        @Override
        public void send(byte[] bytes) throws IOException {
            socket.send(new DatagramPacket(bytes, bytes.length, (InetSocketAddress) to));
        }

        @Override
        public void end() {
            // Datagrams know none.
        }

        @Override
        public void cut() {
            // Nor this.
        }

        @Override
        public void reset() {
            // Nor this.
        }
    }
}
