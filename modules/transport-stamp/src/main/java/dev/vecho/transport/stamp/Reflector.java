package dev.vecho.transport.stamp;

import dev.vecho.core.ConfiguredService;
import dev.vecho.transport.stamp.Sessions.Reflected;
import dev.vecho.transport.stamp.Sessions.Session;
import dev.vecho.transport.udp.DatagramService;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The Session-Reflector: sends each test packet back, numbered and with the times when it came and left, and never with more octets than
 * it had.
 *
 * <p>The times are those at which this program had the packet and let it go, in nanoseconds of the system's clock. What the kernel or the
 * network card know better does not reach Java: Netty hands out no control messages of a socket. So packets of which many wait are
 * timed when their turn comes.
 */
final class Reflector implements DatagramService {

    static final String SCHEME = "stamp";

    /** Assigned by IANA. */
    static final int PORT = 862;

    /** What RFC 5357, section 4.2.1, has for a time to live that is not known, as Netty does not hand it out either. */
    private static final byte UNKNOWN_TTL = (byte) 255;

    private final ReflectorOptions options;
    private final @Nullable Authenticator authenticator;
    private final PacketFormat format;
    private final InstantSource clock;
    private volatile Sessions sessions;

    Reflector(ReflectorOptions options) {
        this(options, InstantSource.system(), System::nanoTime);
    }

    Reflector(ReflectorOptions options, InstantSource clock, LongSupplier nanoTime) {
        SharedKey key = options.key();
        this.options = options;
        this.authenticator = key == null ? null : key.authenticator();
        this.format = key == null ? PacketFormat.UNAUTHENTICATED : PacketFormat.AUTHENTICATED;
        this.clock = clock;
        this.sessions = new Sessions(nanoTime);
    }

    @Override
    public String scheme() {
        return SCHEME;
    }

    @Override
    public int port() {
        return PORT;
    }

    @Override
    public JsonObject ownClientOptions() {
        SharedKey key = options.key();
        return key == null
                ? new JsonObject()
                : new JsonObject().put("options", new JsonObject().put(StampOptions.KEY, key.options()));
    }

    /** The sessions go on. */
    @Override
    public void replaces(DatagramService before) {
        if (before instanceof Reflector reflector) {
            sessions = reflector.sessions;
        }
    }

    @Override
    public void answer(
            InetSocketAddress source,
            InetSocketAddress local,
            ByteBuf datagram,
            Consumer<String> drops,
            ConfiguredService.Answers answers) {
        Buffer answer = answer(source, local, datagram, drops);
        if (answer != null) {
            answers.send(answer);
        }
    }

    @Nullable Buffer answer(InetSocketAddress source, InetSocketAddress local, ByteBuf datagram, Consumer<String> drops) {
        Instant received = clock.instant();
        int size = datagram.readableBytes();
        if (size < (authenticator == null ? PacketFormat.TWAMP_REFLECTED : format.size)) {
            drops.accept("too short for a test packet");
            return null;
        }
        // What a packet of TWAMP lacks of STAMP's is zero in both.
        byte[] asked = Arrays.copyOf(ByteBufUtil.getBytes(datagram), Math.max(size, format.size));
        if (authenticator != null && !Authenticator.isAt(authenticator.ofPacket(asked), asked, format.hmac())) {
            drops.accept("with a wrong HMAC");
            return null;
        }
        Session session = null;
        if (options.stateful()) {
            int ssid = ByteBuffer.wrap(asked).getShort(format.ssid) & 0xFFFF;
            session =
                    sessions.of(new Sessions.Key(source, local, ssid), options.maxSessions(), options.sessionTimeout());
            if (session == null) {
                drops.accept("over maxSessions");
                return null;
            }
        }
        byte[] answer = reflect(asked, session, received);
        return Buffer.buffer(size < answer.length ? Arrays.copyOf(answer, size) : answer);
    }

    private byte[] reflect(byte[] asked, @Nullable Session session, Instant received) {
        ByteBuffer in = ByteBuffer.wrap(asked);
        byte[] answer = asked.clone();
        Arrays.fill(answer, 0, format.size, (byte) 0);
        ByteBuffer out = ByteBuffer.wrap(answer);
        Timestamps timestamps =
                ErrorEstimate.decode(in.getShort(format.errorEstimate)).format();
        int sequence = session == null ? in.getInt(0) : session.next();
        out.putInt(0, sequence)
                .putShort(format.errorEstimate, (short)
                        options.clock().estimate(timestamps).encode())
                .putShort(format.ssid, in.getShort(format.ssid))
                .putLong(format.receiveTimestamp, timestamps.encode(received))
                .putInt(format.senderSequence, in.getInt(0))
                .putLong(format.senderTimestamp, in.getLong(format.timestamp))
                .putShort(format.senderErrorEstimate, in.getShort(format.errorEstimate))
                .put(format.senderTtl, UNKNOWN_TTL);
        extend(asked, answer, session == null ? null : session.last());
        long sent = timestamps.encode(clock.instant());
        out.putLong(format.timestamp, sent);
        if (authenticator != null) {
            out.put(format.hmac(), authenticator.ofPacket(answer));
        }
        if (session != null) {
            session.reflected(sequence, sent);
        }
        return answer;
    }

    /** Fills in the extensions, which the answer has as they came. */
    private void extend(byte[] asked, byte[] answer, @Nullable Reflected last) {
        List<Extension> extensions = Extension.in(asked, format.size);
        boolean intact = authenticator == null || isIntact(authenticator, asked, extensions);
        for (Extension each : extensions) {
            int flags = flags(each, intact);
            answer[each.at()] = (byte) flags;
            if (flags == 0) {
                fill(each, answer, last);
            }
        }
    }

    private int flags(Extension extension, boolean intact) {
        int length = Extension.lengthOf(extension.type());
        boolean known = length != Extension.UNKNOWN && (extension.type() != Extension.HMAC || authenticator != null);
        boolean malformed = extension.length() < 0 || (known && length >= 0 && length != extension.length());
        return (known ? 0 : Extension.UNRECOGNISED)
                | (malformed ? Extension.MALFORMED : 0)
                | (intact ? 0 : Extension.NOT_INTACT);
    }

    private void fill(Extension extension, byte[] answer, @Nullable Reflected last) {
        ByteBuffer out = ByteBuffer.wrap(answer);
        int at = extension.value();
        switch (extension.type()) {
            case Extension.TIMESTAMP_INFORMATION -> {
                byte source = (byte) options.clock().source();
                out.put(at, source)
                        .put(at + 1, (byte) Extension.SOFTWARE)
                        .put(at + 2, source)
                        .put(at + 3, (byte) Extension.SOFTWARE);
            }
            case Extension.FOLLOW_UP -> {
                Arrays.fill(answer, at, at + Extension.FOLLOW_UP_OCTETS, (byte) 0);
                if (last != null) {
                    out.putInt(at, last.sequence())
                            .putLong(at + 4, last.timestamp())
                            .put(at + 12, (byte) Extension.SOFTWARE);
                }
            }
            case Extension.HMAC -> {
                if (authenticator != null) {
                    out.put(at, authenticator.ofExtensions(answer, format.size, extension.at()));
                }
            }
            default -> {
                // Padding and the access report go back as they came.
            }
        }
    }

    /** Whether the HMAC is right, which all but padding needs, and which nothing but padding may follow. */
    static boolean isIntact(Authenticator authenticator, byte[] packet, List<Extension> extensions) {
        boolean padding = true;
        boolean verified = false;
        for (Extension each : extensions) {
            if (each.type() == Extension.HMAC && each.length() == PacketFormat.HMAC_OCTETS && !verified) {
                int from = extensions.get(0).at();
                verified =
                        Authenticator.isAt(authenticator.ofExtensions(packet, from, each.at()), packet, each.value());
                if (!verified) {
                    return false;
                }
            } else if (each.type() != Extension.PADDING) {
                padding = false;
                if (verified) {
                    return false;
                }
            }
        }
        return verified || padding;
    }
}
