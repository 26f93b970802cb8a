package dev.vecho.transport.quic;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.util.AttributeKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Netty's codecs of one socket. A codec has one set of options for all its connections, so a listener with new options gets another
 * codec, which takes the new connections; one before it stays as long as it has any. All of them are in the socket's pipeline, where
 * each passes on what the others send; what comes goes past those that it is not for, as the connection id tells.
 *
 * <p>Used on the socket's event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A timer is not cancelled, a connection's close needs no answer.
final class Codecs {

    /** Says to which of them a connection belongs. */
    static final AttributeKey<Byte> CODEC = AttributeKey.valueOf(Codecs.class, "codec");

    /** How long a codec is kept for handshakes that are under way, which nobody counts. */
    private static final long HANDSHAKE_SECONDS = 30;

    private final Channel socket;

    /** The newest is the last. */
    private final List<Codec> codecs = new ArrayList<>();

    /** One of them. */
    private static final class Codec {

        private final byte id;
        private final ChannelHandler handler;
        private int connections;
        private boolean over;
        private boolean read;

        Codec(byte id, ChannelHandler handler) {
            this.id = id;
            this.handler = handler;
        }
    }

    Codecs(Channel socket) {
        this.socket = socket;
    }

    /** Adds one, for the connections that come from now on. */
    void add(byte id, ChannelHandler handler) {
        if (codecs.size() == 1) {
            ChannelHandlerContext first = socket.pipeline().context(codecs.get(0).handler);
            socket.pipeline().addBefore(first.name(), null, new Choice());
        }
        socket.pipeline().addLast(handler);
        codecs.add(new Codec(id, handler));
        if (codecs.size() > 1) {
            Codec before = codecs.get(codecs.size() - 2);
            socket.eventLoop()
                    .schedule(
                            () -> {
                                before.over = true;
                                removeUnused();
                            },
                            HANDSHAKE_SECONDS,
                            TimeUnit.SECONDS);
        }
    }

    /** Counts a connection, until it is closed. */
    void opened(QuicChannel connection) {
        Byte id = connection.attr(CODEC).get();
        for (Codec codec : codecs) {
            if (id != null && codec.id == id) {
                codec.connections++;
                connection.closeFuture().addListener(closed -> {
                    codec.connections--;
                    // Not now: it is the codec that is telling.
                    socket.eventLoop().execute(this::removeUnused);
                });
            }
        }
    }

    private void removeUnused() {
        codecs.removeIf(codec -> {
            boolean unused = codec.over && codec.connections == 0 && codec != newest();
            if (unused && socket.pipeline().context(codec.handler) != null) {
                socket.pipeline().remove(codec.handler);
            }
            return unused;
        });
    }

    private Codec newest() {
        return codecs.get(codecs.size() - 1);
    }

    /** Before the first of them, as soon as there are several. */
    private final class Choice extends ChannelInboundHandlerAdapter {

        private final Deque<Codec> toComplete = new ArrayDeque<>();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ConnectionId id = ConnectionId.destination(((DatagramPacket) message).content());
            Codec chosen = newest();
            for (Codec codec : codecs) {
                if (id != null && codec.id == id.codec()) {
                    chosen = codec;
                }
            }
            if (!chosen.read) {
                chosen.read = true;
                toComplete.add(chosen);
            }
            before(ctx, chosen).fireChannelRead(message);
        }

        /** No codec passes it on. */
        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            for (Codec codec = toComplete.poll(); codec != null; codec = toComplete.poll()) {
                codec.read = false;
                if (codecs.contains(codec)) {
                    before(ctx, codec).fireChannelReadComplete();
                }
            }
        }

        /** The place in the pipeline before a codec. */
        private ChannelHandlerContext before(ChannelHandlerContext own, Codec codec) {
            int index = codecs.indexOf(codec);
            return index == 0 ? own : socket.pipeline().context(codecs.get(index - 1).handler);
        }
    }
}
