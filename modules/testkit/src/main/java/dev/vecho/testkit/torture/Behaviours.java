package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.UnixClient;
import dev.vecho.testkit.torture.Manner.End;
import dev.vecho.testkit.torture.SocketStream.Opening;
import io.vertx.core.http.HttpClientAgent;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** All kinds of clients. */
final class Behaviours {

    private static final long LARGEST_OF_HTTP2 = 8 << 20;
    private static final long LARGEST_BY_THE_CHECK = 4 << 20;
    private static final int MAX_REQUESTS = 20;

    private Behaviours() {}

    /** Those that a run can have. */
    static List<Behaviour> all(Settings settings) {
        List<Behaviour> all = new ArrayList<>();
        for (String tcp : List.of("tcp", "tcp-small", "tcp-proxy", "tls", "tls-small", "tls-jdk", "tls-proxy")) {
            all.add(Behaviour.of(tcp, play -> socket(play, tcp)));
        }
        if (Listeners.hasUnix(settings.io()) && settings.link() == null) {
            for (String unix : List.of("unix", "unix-small")) {
                all.add(Behaviour.of(unix, play -> unix(play, unix)));
            }
        }
        for (String http : List.of("http", "http-small", "https", "https-jdk")) {
            all.add(Behaviour.of(http + "-requests", play -> requests(play, http)));
            all.add(Behaviour.of(http + "-websocket", play -> webSocket(play, http)));
        }
        for (String https : List.of("https", "https-jdk")) {
            all.add(Behaviour.of(https + "-http2", play -> http2(play, https)));
        }
        all.add(Behaviour.of("https-http3", play -> byTheCheck(play, "h3", "https")));
        all.add(Behaviour.of("udp", play -> DatagramClient.play(play, "udp")));
        for (String quic : List.of("quic", "quic-small")) {
            all.add(Behaviour.of(quic, play -> quic(play, quic)));
        }
        all.add(Behaviour.of("quic-check", play -> byTheCheck(play, "quic", "quic")));
        all.addAll(Programs.behaviours());
        if (settings.kinds().isEmpty()) {
            return all;
        }
        return all.stream()
                .filter(one -> settings.kinds().stream().anyMatch(one.name()::startsWith))
                .toList();
    }

    private static Opening opening(SplittableRandom random, String listener) {
        boolean tls = listener.startsWith("tls") || listener.startsWith("https");
        return Opening.any(random, listener.endsWith("-proxy"), tls);
    }

    private static SocketStream connect(Play play, String listener, Opening opening) throws Exception {
        return play.keep(SocketStream.connect(
                play.dial().address(listener), opening, play.dial().tls()));
    }

    private static void socket(Play play, String listener) throws Exception {
        Opening opening = opening(play.random(), listener);
        Exchange exchange = new Exchange(play, listener, play.manner(opening.largest()));
        try {
            exchange.run(connect(play, listener, opening));
        } catch (IOException e) {
            throw new IOException(e.getMessage() + ", " + opening, e);
        }
    }

    private static void unix(Play play, String listener) throws Exception {
        Exchange exchange = new Exchange(play, listener, play.manner());
        int receiveBuffer = play.random().nextBoolean() ? 0 : 4096;
        exchange.run(new UnixClient(play.dial().path(listener), receiveBuffer));
    }

    /** Some requests, one after the other on one connection; the last one may be broken off. */
    private static void requests(Play play, String listener) throws Exception {
        Opening opening = opening(play.random(), listener);
        int count = 1 + (int) Manner.size(play.random(), MAX_REQUESTS);
        List<Manner> manners = new ArrayList<>();
        List<Exchange> exchanges = new ArrayList<>();
        List<Boolean> chunked = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Manner manner = play.manner(opening.largest() / count);
            manners.add(i < count - 1 ? manner.orderly() : manner);
            exchanges.add(new Exchange(play, listener, manners.get(i)));
            chunked.add(play.random().nextBoolean());
        }
        try (EchoClient socket = connect(play, listener, opening)) {
            InputStream in = RequestStream.input(socket);
            for (int i = 0; i < count; i++) {
                Manner manner = manners.get(i);
                boolean last = i == count - 1;
                // What is broken off before its end has announced more.
                long size = manner.end() == End.HALF_CLOSE ? manner.size() : manner.size() + 1;
                exchanges.get(i).run(new RequestStream(socket, in, chunked.get(i) ? -1 : size, last));
            }
        }
    }

    private static void webSocket(Play play, String listener) throws Exception {
        Opening opening = opening(play.random(), listener);
        WebSocketClient client = new WebSocketClient(play, listener, opening.largest());
        client.run(connect(play, listener, opening));
    }

    /** Some streams at the same time on one connection. */
    private static void http2(Play play, String listener) throws Exception {
        int count = 1 + (int) Manner.size(play.random(), 20);
        List<Exchange> exchanges = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            exchanges.add(new Exchange(play, listener, play.manner(LARGEST_OF_HTTP2 / count)));
        }
        InetSocketAddress address = play.dial().address(listener);
        HttpClientAgent client = Http2Client.client(play.stage().vertx());
        play.keep(() -> Blocking.get(client.close()));
        List<Task> tasks = new ArrayList<>();
        for (Exchange exchange : exchanges) {
            tasks.add(() -> exchange.run(Http2Client.request(client, address)));
        }
        Exchange.all(play, tasks);
    }

    /** A connection by the transport of the check, which reads all that comes at once. */
    private static void byTheCheck(Play play, String scheme, String listener) throws Exception {
        Exchange exchange = new Exchange(play, listener, play.manner(LARGEST_BY_THE_CHECK));
        exchange.run(ConnectionStream.connect(play.stage().vertx(), play.dial().uri(scheme, listener)));
    }

    private static void quic(Play play, String listener) throws Exception {
        InetSocketAddress address = play.dial().address(listener);
        int rebind = play.stage().settings().rebind();
        if (rebind == 0) {
            QuicClients.play(play, listener, address, play.stage().settings().largest());
            return;
        }
        try (Relay relay = new Relay(play.stage().executor(), address, rebind)) {
            QuicClients.play(
                    play, listener, relay.address(), play.stage().settings().largest());
        }
    }
}
