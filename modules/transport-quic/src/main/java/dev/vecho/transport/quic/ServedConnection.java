package dev.vecho.transport.quic;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.FailureReason;
import dev.vecho.core.OpenConnection;
import dev.vecho.core.Traffic;
import dev.vecho.core.Traffic.Packets;
import dev.vecho.core.VertxInternals;
import dev.vecho.net.ConnectionEnd;
import dev.vecho.net.ConnectionEnd.State;
import dev.vecho.net.Metering;
import dev.vecho.net.SocketFacts;
import dev.vecho.net.echo.ConnectionRate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicConnectionStats;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.concurrent.Future;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that a listener accepted: its streams echo, its datagrams come back from here, or are answered by a service. It sits in the connection's
 * Netty pipeline before the last handler and is used on the connection's event loop only.
 *
 * <p>It closes the connection only when all that its streams have echoed has arrived, as far as that can be known:
 * closing it discards what QUIC still has to send.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A datagram may be lost, a stream that is closed may be closed already.
final class ServedConnection extends ChannelInboundHandlerAdapter implements OpenConnection, QuicEchoPipe.Owner {

    private static final Logger LOG = LoggerFactory.getLogger(ServedConnection.class);

    /**
     * How many streams may be broken off. Netty keeps some memory for each one as long as the connection lives, and a
     * peer that opens streams only to reset them is hostile.
     */
    private static final int MAX_BROKEN_STREAMS = 10_000;

    /** When no packet came or went for so long, nothing is under way any more: it would have been sent again. */
    private static final long QUIET_MILLIS = 300;

    /** How often the packets of a connection are counted, on which something moves. */
    private static final long COUNT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final QuicChannel channel;
    private final AcceptedConnection connection;
    private final QuicListenerOptions options;
    private final QuicProtocol protocol;
    private final @Nullable ConnectionRate rate;
    private final Traffic traffic;
    private final Context vertxContext;
    private final Consumer<ServedConnection> closed;
    private final Set<QuicEchoPipe> streams = new LinkedHashSet<>();
    private final ConnectionEnd end = new ConnectionEnd();

    /** Why it is closed, and with it what is under way on its streams; null if nobody here knows. */
    private @Nullable FailureReason why;

    private long lastActive = System.nanoTime();
    private Packets counted = Packets.NONE;
    private long lastCounted = lastActive;
    private int slot;
    private int brokenStreams;
    private boolean carried;
    private boolean draining;
    private boolean datagramsWritten;
    private boolean reading;
    private @Nullable Future<?> idleWatch;
    private @Nullable Future<?> aging;

    /** What was agreed upon in TLS, and the addresses, where somebody wants to know them at the end. */
    private @Nullable Map<String, String> agreed;

    private String remote = "";
    private String local = "";

    /** Why new streams are refused, once they are. */
    private String refusal = "while it stops";

    /**
     * Makes it.
     *
     * @param rate what its streams and datagrams are held to, together; null for none
     */
    ServedConnection(
            AcceptedConnection connection,
            QuicListenerOptions options,
            QuicProtocol protocol,
            @Nullable ConnectionRate rate,
            Traffic traffic,
            Context vertxContext,
            Consumer<ServedConnection> closed) {
        this.channel = connection.channel();
        this.connection = connection;
        this.options = options;
        this.protocol = protocol;
        this.rate = rate;
        this.traffic = traffic;
        this.vertxContext = vertxContext;
        this.closed = closed;
    }

    /** What carries it. */
    QuicChannel channel() {
        return channel;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        slot = traffic.connections().add(this);
        if (rate != null) {
            rate.begin(channel);
        }
        if (traffic.tellsEnds()) {
            agreed = tls();
            remote = SocketFacts.text(channel.remoteSocketAddress());
            local = SocketFacts.text(channel.localSocketAddress());
            traffic.began(this);
        }
        if (protocol.datagrams() != null) {
            QuicFacts.keepServerName(channel, connection.serverName());
        }
        watch(options.limits().idle().toNanos());
        Duration lifetime = options.limits().lifetime();
        if (!lifetime.isZero()) {
            aging = channel.eventLoop().schedule(this::endOfLife, lifetime.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /** It is as old as it may be. */
    private void endOfLife() {
        if (!draining) {
            refusal = "on a connection over maxLifetimeMillis";
            drain();
        }
        aging = channel.eventLoop()
                .schedule(
                        () -> cut(FailureReason.LIFETIME),
                        options.limits().grace().toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    /**
     * Takes a stream that the peer opened, before anything is read from it.
     *
     * @param last its last handler, before which others go
     */
    void accept(ChannelHandlerContext last) {
        if (((QuicStreamChannel) last.channel()).type() == QuicStreamType.UNIDIRECTIONAL) {
            meter(last);
            protocol.openedUnidirectional(last);
            return;
        }
        if (draining || end.is(State.CLOSED)) {
            if (!protocol.countsConnections()) {
                traffic.refuse(refusal);
            }
            QuicStreamChannel refused = (QuicStreamChannel) last.channel();
            refused.shutdown(protocol.errors().streamRefused());
            QuicEchoPipe.closeAfterReset(refused, refused::close);
            countBroken();
            return;
        }
        if (protocol.countsConnections() || traffic.open(Integer.MAX_VALUE)) {
            ThrottledStream throttled = rate == null ? null : new ThrottledStream(rate);
            QuicEchoPipe echo = new QuicEchoPipe(
                    options.limits().writeQueueBytes(), options.limits().idle(), protocol.errors(), throttled, this);
            streams.add(echo);
            carried = true;
            last.pipeline().addFirst(echo);
            if (throttled != null) {
                last.pipeline().addFirst(throttled);
            }
            meter(last);
            protocol.opened(last, traffic, echo);
        }
    }

    private void meter(ChannelHandlerContext stream) {
        EndpointMetrics.OfConnection metrics = connection.metrics();
        if (metrics != null) {
            stream.pipeline().addFirst(Metering.handler(metrics));
        }
    }

    @Override
    public void moved(long nanoTime) {
        if (nanoTime - lastCounted > COUNT_NANOS) {
            countPackets(nanoTime);
        }
    }

    private void countPackets(long nanoTime) {
        lastCounted = nanoTime;
        QuicConnectionStats stats = channel.collectStats().getNow();
        if (stats != null) {
            Packets now = new Packets(stats.sent(), stats.recv(), stats.lost(), stats.retrans());
            traffic.packets(now.since(counted));
            counted = now;
        }
    }

    @Override
    public void ended(QuicEchoPipe echo) {
        streams.remove(echo);
        if (!protocol.countsConnections()) {
            echo.count(traffic, why());
        }
        lastActive = System.nanoTime();
        FailureReason failure = echo.failure(why());
        if (failure != null) {
            end.broken(failure);
            countBroken();
        }
        if (draining && streams.isEmpty()) {
            linger();
        }
    }

    private void countBroken() {
        if (++brokenStreams == MAX_BROKEN_STREAMS) {
            why = FailureReason.INPUT;
            close(QuicErrorCode.CONNECTION_ABUSED, "too many broken streams");
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf datagram)) {
            ctx.fireChannelRead(message);
            return;
        }
        lastActive = System.nanoTime();
        moved(lastActive);
        String refused = rate == null ? null : rate.refuseDatagram(datagram.readableBytes());
        if (refused != null) {
            datagram.release();
            traffic.drop(refused);
            return;
        }
        traffic.received(datagram.readableBytes());
        ConfiguredService service = protocol.datagrams();
        if (service == null) {
            send(ctx, datagram);
        } else {
            reading = true;
            answer(ctx, service, datagram);
        }
    }

    /** Sends a datagram with the next flush. */
    private void send(ChannelHandlerContext ctx, ByteBuf datagram) {
        // A peer that sends datagrams need not take them; Netty closes the connection of one that gets them
        // nevertheless.
        if (datagram.readableBytes() <= connection.maxDatagramLength()) {
            traffic.sent(datagram.readableBytes());
            ctx.write(datagram.isReadable() ? datagram : EmptyDatagram.insteadOf(datagram));
            datagramsWritten = true;
        } else {
            datagram.release();
            traffic.drop("longer than its sender takes");
        }
    }

    private void answer(ChannelHandlerContext ctx, ConfiguredService service, ByteBuf datagram) {
        Buffer asked = service.readsMessages() ? Buffer.buffer(ByteBufUtil.getBytes(datagram)) : Buffer.buffer();
        datagram.release();
        ConfiguredService.Answers answers = new ConfiguredService.Answers() {
            @Override
            public void send(Buffer answer) {
                // It may come late.
                if (!end.is(State.CLOSED)) {
                    ServedConnection.this.send(ctx, VertxInternals.bytes(answer));
                    if (!reading) {
                        flush(ctx);
                    }
                }
            }

            @Override
            public void fault(String name) {
                traffic.fault(name);
            }
        };
        VertxInternals.dispatch(vertxContext, () -> {
            try {
                service.answer(() -> QuicFacts.of(channel), asked, answers);
            } catch (RuntimeException e) {
                LOG.debug("{}: the service has failed", channel, e);
            }
        });
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        flush(ctx);
        ctx.fireChannelReadComplete();
    }

    private void flush(ChannelHandlerContext ctx) {
        if (datagramsWritten) {
            datagramsWritten = false;
            ctx.flush();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        ctx.fireUserEventTriggered(event);
        if (event instanceof QuicConnectionCloseEvent close) {
            LOG.debug("{}: closed by the peer, error {}", channel, close.error());
            why = FailureReason.RESET;
            // After what came together with it; else it would all be kept until QUIC has forgotten the connection.
            ctx.executor().execute(() -> {
                if (close.error() == QuicErrorCode.NONE
                        || close.error() == protocol.errors().none()) {
                    endStreams(FailureReason.RESET);
                }
                channel.close();
            });
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}", channel, cause.toString());
        why = QuicEchoPipe.reason(cause);
        channel.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (idleWatch != null) {
            idleWatch.cancel(false);
        }
        if (aging != null) {
            aging.cancel(false);
        }
        for (QuicEchoPipe stream : streams) {
            FailureReason failure = stream.failure(why());
            if (failure != null) {
                end.broken(failure);
            }
        }
        countPackets(System.nanoTime());
        // It owes nothing but what its streams do.
        end.to(State.COMPLETE);
        end.to(State.CLOSED);
        if (protocol.countsConnections()) {
            end.count(traffic, why());
        }
        traffic.connections().remove(slot);
        traffic.ended(this, end.failure(why()));
        closed.accept(this);
        ctx.fireChannelInactive();
    }

    /** Takes no more streams, and closes the connection when those that it has are done, or quiet. */
    void drain() {
        draining = true;
        protocol.drains(channel);
        if (streams.isEmpty()) {
            linger();
        } else if (protocol.isDoneWhenQuiet()) {
            new ArrayList<>(streams).forEach(QuicEchoPipe::drain);
        }
    }

    /** Closes it now: a stream with nothing under way ends, any other one is reset. */
    void cut() {
        cut(FailureReason.DRAIN);
    }

    private void cut(FailureReason reason) {
        draining = true;
        why = reason;
        boolean waiting = streams.stream().anyMatch(QuicEchoPipe::isUnfinished);
        endStreams(reason);
        if (waiting) {
            ClosingNotice.await(channel, () -> close(QuicErrorCode.NONE, "going away"));
        } else {
            close(QuicErrorCode.NONE, "going away");
        }
    }

    // For those who watch the service.

    /** The bytes are those of QUIC's packets: what was sent again, and all heads, among them. */
    @Override
    public Facts facts() {
        QuicConnectionStats stats = channel.collectStats().getNow();
        return new Facts(
                channel.isOpen() ? SocketFacts.text(channel.remoteSocketAddress()) : remote,
                channel.isOpen() ? SocketFacts.text(channel.localSocketAddress()) : local,
                null,
                draining ? Stage.CLOSING : end.stage(),
                end.age(),
                null,
                draining || !end.is(State.OPEN) ? end.inState() : null,
                stats == null ? 0 : stats.recvBytes(),
                stats == null ? 0 : stats.sentBytes(),
                streams.stream().mapToLong(QuicEchoPipe::waiting).sum());
    }

    @Override
    public Map<String, String> tls() {
        if (agreed != null) {
            return agreed;
        }
        SSLEngine engine = channel.sslEngine();
        return engine == null ? Map.of() : SocketFacts.tls(engine.getSession(), engine.getApplicationProtocol());
    }

    @Override
    public Map<String, Long> path() {
        Map<String, Long> path = new LinkedHashMap<>();
        path.put("streams", (long) streams.size());
        QuicConnectionStats stats = channel.collectStats().getNow();
        if (stats != null) {
            path.put("packetsReceived", stats.recv());
            path.put("packetsSent", stats.sent());
            path.put("packetsLost", stats.lost());
            path.put("packetsRetransmitted", stats.retrans());
        }
        return path;
    }

    @Override
    public void close() {
        cut(FailureReason.OPERATOR);
    }

    private void endStreams(FailureReason reason) {
        new ArrayList<>(streams).forEach(stream -> stream.end(reason));
    }

    private FailureReason why() {
        if (why != null) {
            return why;
        }
        return channel.isTimedOut() ? FailureReason.UNREACHABLE : FailureReason.RESET;
    }

    /** Closes it when the peer has all, or has closed it first, as it should. */
    private void linger() {
        if (!carried) {
            close(QuicErrorCode.NONE, "going away");
        } else if (end.to(State.LINGERING)) {
            lingerWhileBusy(-1);
        }
    }

    private void lingerWhileBusy(long before) {
        if (end.is(State.CLOSED)) {
            return;
        }
        channel.collectStats().addListener(collected -> {
            long packets = before;
            if (collected.isSuccess() && collected.getNow() instanceof QuicConnectionStats stats) {
                packets = stats.sent() + stats.recv();
            }
            if (packets == before) {
                close(QuicErrorCode.NONE, "going away");
                return;
            }
            long now = packets;
            channel.eventLoop().schedule(() -> lingerWhileBusy(now), QUIET_MILLIS, TimeUnit.MILLISECONDS);
        });
    }

    /** Closes it with an error code and a reason for people. */
    void close(int error, String reason) {
        channel.close(false, error, Unpooled.copiedBuffer(reason, StandardCharsets.US_ASCII));
    }

    private void watch(long nanos) {
        idleWatch = channel.eventLoop().schedule(this::closeIfIdle, nanos, TimeUnit.NANOSECONDS);
    }

    private void closeIfIdle() {
        long left = options.limits().idle().toNanos() - (System.nanoTime() - lastActive);
        if (!streams.isEmpty()) {
            // They have their own watch.
            watch(options.limits().idle().toNanos());
        } else if (left > 0) {
            watch(left);
        } else {
            close(QuicErrorCode.NONE, "idle");
        }
    }
}
