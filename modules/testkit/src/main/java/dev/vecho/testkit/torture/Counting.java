package dev.vecho.testkit.torture;

import io.vertx.core.Vertx;
import io.vertx.core.net.QuicClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;

/** Very many connections, one after the other as fast as they come, each with a few verified bytes and an orderly end. */
final class Counting {

    private static final int BYTES = 32;
    private static final int TIMEOUT_MILLIS = 60_000;

    /** Of 127.0.0.0/8: between one pair of addresses there are 28,000 ports, each taken for a minute. */
    private static final int SOURCES = 200;

    /** What a service needs once, it has after so many. */
    private static final int WARM_UP = 2000;

    private static final long MORE_DIRECT_KB = 32 * 1024;

    private final Play.Stage stage;
    private final QuicClient quic;
    private final Path directory;
    private final Findings findings;
    private final PrintStream out;

    Counting(Play.Stage stage, Path directory, Findings findings, PrintStream out) {
        this.stage = stage;
        this.quic = QuicClients.client(stage.vertx());
        this.directory = directory;
        this.findings = findings;
        this.out = out;
    }

    /** One connection, from its beginning to its end. */
    private interface Attempt {
        void attempt(long number) throws Exception;
    }

    void run() throws Exception {
        try {
            countAll();
        } finally {
            Blocking.get(quic.close());
        }
    }

    private void countAll() throws Exception {
        for (Map.Entry<String, Long> kind : stage.settings().connections().entrySet()) {
            count(kind.getKey(), kind.getValue());
        }
    }

    private void count(String listener, long count) throws Exception {
        Attempt attempt = attempt(listener);
        long made = repeat(attempt, 0, Math.min(WARM_UP, count));
        Usage before = stage.service().usage();
        long began = System.nanoTime();
        made += repeat(attempt, Math.min(WARM_UP, count), count);
        double seconds = (System.nanoTime() - began) / 1e9;
        Usage after = Accounts.checkUsage(stage.service(), before, directory, findings);
        findings.addUnless(
                after.directKb() <= before.directKb() + MORE_DIRECT_KB,
                listener + ": memory is left: " + after + ", before " + before);
        out.printf(
                "%s: %d of %d connections, after the first ones in %.0f s%n  before: %s%n  after:  %s%n",
                listener, made, count, seconds, before, after);
    }

    private Attempt attempt(String listener) throws Exception {
        if (listener.startsWith("udp")) {
            return number -> datagram(listener, number);
        }
        if (listener.startsWith("quic")) {
            return number -> quic(listener, number);
        }
        if (listener.startsWith("unix")) {
            return number -> unix(listener, number);
        }
        return number -> socket(listener, number);
    }

    /** Shares them out to the workers; ends with the first failure. Returns how many were whole. */
    private long repeat(Attempt attempt, long from, long to) throws Exception {
        AtomicLong next = new AtomicLong(from);
        AtomicLong made = new AtomicLong();
        List<Future<?>> workers = new ArrayList<>();
        for (int i = 0; i < stage.settings().workers(); i++) {
            workers.add(stage.executor().submit(() -> {
                for (long number = next.getAndIncrement(); number < to; number = next.getAndIncrement()) {
                    try {
                        attempt.attempt(number);
                        made.incrementAndGet();
                    } catch (IOException | WrongBytes e) {
                        findings.add("connection " + number + ": " + e);
                        next.set(to);
                    }
                }
                return null;
            }));
        }
        for (Future<?> worker : workers) {
            worker.get();
        }
        return made.get();
    }

    private static byte[] bytes(long number) {
        return new Payload(number).first(BYTES);
    }

    private void socket(String listener, long number) throws IOException {
        SSLContext tls = stage.dial().tls();
        InetSocketAddress address = stage.dial().address(listener);
        try (Socket raw = new Socket()) {
            raw.setSoTimeout(TIMEOUT_MILLIS);
            raw.setTcpNoDelay(true);
            raw.bind(new InetSocketAddress("127.0.1." + (1 + number % SOURCES), 0));
            raw.connect(address, TIMEOUT_MILLIS);
            if (listener.endsWith("-proxy")) {
                raw.getOutputStream().write("PROXY UNKNOWN\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            }
            if (listener.startsWith("tls") || listener.startsWith("https")) {
                try (Socket socket = tls.getSocketFactory().createSocket(raw, "localhost", address.getPort(), true)) {
                    talk(listener, number, socket);
                }
            } else {
                talk(listener, number, raw);
            }
        }
    }

    private void talk(String listener, long number, Socket socket) throws IOException {
        byte[] bytes = bytes(number);
        Ledger.Account account = stage.ledger().of(listener);
        account.writes(BYTES);
        InputStream in = socket.getInputStream();
        if (listener.startsWith("http")) {
            socket.getOutputStream().write(request(bytes));
            while (!line(in).isEmpty()) {
                // The head of the response says nothing that matters here.
            }
        } else {
            socket.getOutputStream().write(bytes);
        }
        verify(number, in.readNBytes(BYTES), account);
        socket.shutdownOutput();
        if (in.read() >= 0) {
            throw new WrongBytes("more came back than was sent");
        }
    }

    private static byte[] request(byte[] bytes) {
        byte[] head = ("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + bytes.length
                        + "\r\n\r\n")
                .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(head, head.length + bytes.length);
        System.arraycopy(bytes, 0, all, head.length, bytes.length);
        return all;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int one = in.read(); one != '\n'; one = in.read()) {
            if (one < 0) {
                throw new IOException("the end came within a line: " + line);
            }
            line.append((char) one);
        }
        return line.toString().strip();
    }

    private static void verify(long number, byte[] came, Ledger.Account account) {
        if (!Arrays.equals(came, bytes(number))) {
            throw new WrongBytes("other bytes, or fewer, came back: " + came.length + " of " + BYTES);
        }
        account.verified(BYTES);
    }

    private void unix(String listener, long number) throws IOException {
        Path path = stage.dial().path(listener);
        Ledger.Account account = stage.ledger().of(listener);
        try (var client = new dev.vecho.testkit.UnixClient(path, 0)) {
            account.writes(BYTES);
            client.out().write(bytes(number));
            verify(number, client.in().readNBytes(BYTES), account);
            client.closeOutput();
            if (client.in().read() >= 0) {
                throw new WrongBytes("more came back than was sent");
            }
        }
    }

    private void datagram(String listener, long number) throws IOException {
        Ledger.Account account = stage.ledger().of(listener);
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(stage.dial().address(listener));
            socket.setSoTimeout(TIMEOUT_MILLIS);
            account.writes(BYTES);
            socket.send(new DatagramPacket(bytes(number), BYTES));
            DatagramPacket packet = new DatagramPacket(new byte[2 * BYTES], 2 * BYTES);
            socket.receive(packet);
            verify(number, Arrays.copyOf(packet.getData(), packet.getLength()), account);
        }
    }

    private void quic(String listener, long number) throws Exception {
        Vertx vertx = stage.vertx();
        Ledger.Account account = stage.ledger().of(listener);
        try (QuicClients client = QuicClients.connect(vertx, quic, stage.dial().address(listener));
                var stream = client.stream()) {
            account.writes(BYTES);
            stream.out().write(bytes(number));
            stream.closeOutput();
            verify(number, stream.in().readAllBytes(), account);
        }
    }
}
