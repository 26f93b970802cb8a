package dev.vecho.transport.stamp;

import dev.vecho.core.Connection;
import dev.vecho.core.Directions;
import dev.vecho.core.Receiver;
import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import dev.vecho.transport.stamp.TestPackets.NoReplyException;
import dev.vecho.transport.stamp.TestPackets.Reply;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A session of a Session-Sender, on a connection of UDP. A message is sent as the padding of a test packet. Which one came back the numbers
 * say, and not what it holds: a reflector need not send the padding back. What is no reply to a packet of this session is handed over as it
 * came, which nobody has sent.
 */
final class StampConnection implements Connection, Receiver {

    /** How many messages are remembered, the last ones, so that they can be told when their reply comes. */
    private static final int MAX_REMEMBERED = 65_536;

    private static final int MAX_REMEMBERED_BYTES = 16 << 20;

    private final StampOptions options;
    private final int maxMessageBytes;
    private final Receiver receiver;
    private final TestPackets packets;
    private final PathMeasures measures;
    private final InstantSource clock = InstantSource.system();

    /** In the order in which they were sent. */
    private final Map<Long, Sent> remembered = new LinkedHashMap<>();

    private final Map<String, Integer> strangers = new TreeMap<>();
    private long rememberedBytes;
    private @Nullable Connection udp;
    private @Nullable Reply last;
    private boolean paddingChanged;

    private record Sent(Buffer message, Instant at) {}

    StampConnection(StampOptions options, int ssid, int maxMessageBytes, Receiver receiver) {
        this.options = options;
        this.maxMessageBytes = maxMessageBytes;
        this.receiver = receiver;
        this.packets = new TestPackets(options, ssid);
        this.measures = new PathMeasures(options.counts(), options.clockError());
    }

    /** The connection that carries the packets is open. */
    Connection on(Connection open) {
        udp = open;
        return this;
    }

    private Connection udp() {
        return Objects.requireNonNull(udp, "not open yet");
    }

    @Override
    public Future<Void> send(Buffer bytes) {
        if (bytes.length() > maxMessageBytes) {
            return Future.failedFuture(new TransportException(
                    Fault.OTHER,
                    "a test packet to " + remoteAddress() + " carries at most " + maxMessageBytes
                            + " bytes, this message has " + bytes.length(),
                    null));
        }
        byte[] message = bytes.getBytes();
        long number = measures.send();
        Instant now = clock.instant();
        remember(number, new Sent(Buffer.buffer(message), now));
        return udp().send(Buffer.buffer(packets.write((int) number, now, message)));
    }

    private void remember(long number, Sent sent) {
        remembered.put(number, sent);
        rememberedBytes += sent.message().length();
        Iterator<Sent> oldest = remembered.values().iterator();
        while (remembered.size() > MAX_REMEMBERED || rememberedBytes > MAX_REMEMBERED_BYTES) {
            rememberedBytes -= oldest.next().message().length();
            oldest.remove();
        }
    }

    @Override
    public void received(Buffer bytes) {
        Instant came = clock.instant();
        Reply reply;
        long number;
        Sent sent;
        try {
            reply = packets.read(bytes.getBytes(), came);
            number = measures.number(reply.senderSequence());
            sent = remembered.get(number);
            if (number < 0 || (sent != null && options.timestamps().encode(sent.at()) != reply.senderTimestamp())) {
                throw new NoReplyException("never sent");
            }
        } catch (NoReplyException e) {
            strangers.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
            receiver.received(bytes);
            return;
        }
        last = reply;
        Instant sentAt = sent != null ? sent.at() : options.timestamps().decode(reply.senderTimestamp(), came);
        measures.back(number, reply, sentAt, came);
        Buffer message = sent != null ? sent.message() : reply.padding();
        if (message == null) {
            receiver.failed(new TransportException(
                    Fault.LOCAL,
                    "memory",
                    "what a message held that came back is forgotten: more than " + MAX_REMEMBERED + " messages, or "
                            + MAX_REMEMBERED_BYTES + " bytes, were sent after it",
                    null));
            return;
        }
        paddingChanged |= reply.padding() != null && !message.equals(reply.padding());
        receiver.received(message);
    }

    @Override
    public void began(Phase phase) {
        receiver.began(phase);
    }

    @Override
    public void completed(Phase phase, Duration took) {
        receiver.completed(phase, took);
    }

    @Override
    public void warned(String word, String sentence) {
        receiver.warned(word, sentence);
    }

    @Override
    public void ended() {
        receiver.ended();
    }

    @Override
    public void failed(TransportException cause) {
        receiver.failed(cause);
    }

    @Override
    public Future<Void> closeOutput() {
        return udp().closeOutput();
    }

    @Override
    public Future<Void> close() {
        return udp().close();
    }

    @Override
    public Future<Void> reset() {
        return udp().reset();
    }

    @Override
    public String localAddress() {
        return udp().localAddress();
    }

    @Override
    public String remoteAddress() {
        return udp().remoteAddress();
    }

    @Override
    public long dropped() {
        return udp().dropped();
    }

    @Override
    public Directions takeDirections() {
        return measures.take();
    }

    @Override
    public Map<String, String> details() {
        Map<String, String> details = new TreeMap<>(udp().details());
        details.put("mode", packets.format().name().toLowerCase(Locale.ROOT));
        strangers.forEach((why, count) -> details.put("noReply." + why, String.valueOf(count)));
        Reply reply = last;
        if (reply == null) {
            return details;
        }
        Boolean stateful = measures.stateful();
        details.put("reflector", stateful == null ? "unknown" : stateful ? "stateful" : "stateless");
        details.put("timestamps", reply.estimate().format().name().toLowerCase(Locale.ROOT));
        details.put(
                "reflectorClock",
                reply.estimate().synchronised()
                        ? "synchronised within " + millis(reply.estimate().error())
                        : "not synchronised");
        Integer timestamping = reply.timestamping();
        if (timestamping != null) {
            details.put("timestamping", method(timestamping >>> 16) + " in, " + method(timestamping) + " out");
        }
        if (options.tlvs()) {
            details.put(
                    "padding", reply.padding() == null ? "not reflected" : paddingChanged ? "changed" : "reflected");
        }
        Duration processing = measures.processing();
        if (processing != null) {
            details.put("reflectorTook", millis(processing));
        }
        return details;
    }

    private static String millis(Duration duration) {
        return String.format(Locale.ROOT, "%.3f ms", duration.toNanos() / 1e6);
    }

    /** In the lowest octet. */
    private static String method(int timestamping) {
        return switch (timestamping & 0xFF) {
            case 1 -> "hardware";
            case Extension.SOFTWARE -> "software";
            case 3 -> "control plane";
            default -> "unknown";
        };
    }
}
