package dev.vecho.net.connect;

import dev.vecho.core.Target;
import dev.vecho.core.config.Hosts;
import dev.vecho.core.config.Options;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.handler.codec.haproxy.HAProxyTLV;
import io.netty.util.NetUtil;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The PROXY header that a client sends first on each connection, before TLS too, as a load balancer does that names its client.
 *
 * @see <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">The PROXY protocol, versions 1 and 2</a>
 */
public final class SentProxyHeader {

    /** The client's key. */
    public static final String KEY = "proxy";

    /** The protocol counts the bytes after the first 16 in two bytes; addresses of IPv6 with their ports take 36. */
    private static final int MAX_TLV_BYTES = 65_535 - 36;

    private static final int TLV_HEAD = 3;

    private static final Map<String, Integer> TLV_NAMES = new TreeMap<>(Map.of(
            "alpn",
            0x01,
            "authority",
            0x02,
            "crc32c",
            0x03,
            "noop",
            0x04,
            "unique-id",
            0x05,
            "ssl",
            0x20,
            "netns",
            0x30));

    private record Tlv(int type, Buffer value) {}

    private final HAProxyProtocolVersion version;
    private final boolean local;
    private final @Nullable Target source;
    private final @Nullable Target destination;
    private final List<Tlv> tlvs;

    private SentProxyHeader(
            HAProxyProtocolVersion version,
            boolean local,
            @Nullable Target source,
            @Nullable Target destination,
            List<Tlv> tlvs) {
        this.version = version;
        this.local = local;
        this.source = source;
        this.destination = destination;
        this.tlvs = tlvs;
    }

    /** Options of a client whose connections begin with a header that names nobody, in version 1. */
    public static JsonObject ofNobody() {
        return new JsonObject().put("version", 1).put("local", true);
    }

    /** Reads the key {@code proxy}; null for no header. */
    public static @Nullable SentProxyHeader read(Options options) {
        if (!options.has(KEY)) {
            return null;
        }
        Options own = options.object(KEY);
        int version = own.integer("version", 2, 1, 2);
        boolean local = own.flag("local", false);
        Target source = address(own, "source");
        Target destination = address(own, "destination");
        if (local && own.has("source")) {
            own.problem("source", "has no meaning beside local, which names nobody");
        } else if (local && own.has("destination")) {
            own.problem("destination", "has no meaning beside local, which names nobody");
        } else if (own.has("source") != own.has("destination")) {
            own.problem(own.has("source") ? "destination" : "source", "is missing: both are told, or neither");
        } else if (source != null && destination != null && isIpv6(source) != isIpv6(destination)) {
            own.problem("destination", "must be of the same family as source");
        }
        List<Tlv> tlvs = tlvs(own);
        if (!tlvs.isEmpty() && (local || version == 1)) {
            own.problem("tlvs", local ? "have no meaning beside local" : "need version 2");
        }
        own.rejectUnknownKeys();
        return new SentProxyHeader(
                version == 1 ? HAProxyProtocolVersion.V1 : HAProxyProtocolVersion.V2, local, source, destination, tlvs);
    }

    private static @Nullable Target address(Options own, String key) {
        String text = own.text(key);
        if (text == null) {
            return null;
        }
        try {
            Target parsed = Target.parse("tcp://" + text);
            if (parsed.port() != -1 && parsed.host() != null && Hosts.isAddress(parsed.host())) {
                return parsed;
            }
        } catch (IllegalArgumentException e) {
            // It is told below what is expected.
            own.has(key);
        }
        own.problem(
                key,
                "must be an address with a port, such as 192.0.2.7:40000 or [2001:db8::7]:40000, was \"" + text + "\"");
        return null;
    }

    private static List<Tlv> tlvs(Options own) {
        List<Tlv> tlvs = new ArrayList<>();
        int bytes = 0;
        for (Options each : own.objects("tlvs")) {
            int type = type(each);
            Buffer value = value(each);
            each.rejectUnknownKeys();
            if (value != null) {
                tlvs.add(new Tlv(type, value));
                bytes += TLV_HEAD + value.length();
            }
        }
        if (bytes > MAX_TLV_BYTES) {
            own.problem(
                    "tlvs",
                    "must have at most " + MAX_TLV_BYTES + " bytes with " + TLV_HEAD + " for each, was " + bytes);
        }
        return tlvs;
    }

    private static int type(Options tlv) {
        if (!tlv.has("type")) {
            tlv.problem("type", "is missing: 1..255, or one of " + String.join(", ", TLV_NAMES.keySet()));
            return 0;
        }
        return tlv.plain("type") instanceof Number ? tlv.integer("type", 1, 1, 255) : tlv.choice("type", 0, TLV_NAMES);
    }

    private static @Nullable Buffer value(Options tlv) {
        String text = tlv.anyText("text");
        String hex = tlv.anyText("hex");
        if ((text == null) == (hex == null)) {
            tlv.problem("", "must have either text or hex");
            return null;
        }
        if (text != null) {
            return Buffer.buffer(text);
        }
        try {
            return Buffer.buffer(HexFormat.of().parseHex(hex));
        } catch (IllegalArgumentException e) {
            tlv.problem("hex", "must be pairs of hexadecimal digits, was \"" + hex + "\"");
            return null;
        }
    }

    private static boolean isIpv6(Target address) {
        return address.host() != null && address.host().indexOf(':') >= 0;
    }

    /** Sends it on a connection that was opened just now, on its event loop. A failure shows with what is sent next. */
    @SuppressWarnings("FutureReturnValueIgnored")
    void send(Channel channel) {
        HAProxyMessageEncoder encoder = HAProxyMessageEncoder.INSTANCE;
        channel.pipeline().addLast(encoder);
        channel.writeAndFlush(message(channel));
        channel.pipeline().remove(encoder);
    }

    /** A message for the encoder, or its bytes. */
    private Object message(Channel channel) {
        if (source != null && destination != null) {
            return message(isIpv6(source), source.host(), destination.host(), source.port(), destination.port());
        }
        if (!local
                && channel.localAddress() instanceof InetSocketAddress here
                && channel.remoteAddress() instanceof InetSocketAddress there) {
            String from = NetUtil.toAddressString(here.getAddress());
            String to = NetUtil.toAddressString(there.getAddress());
            return message(from.indexOf(':') >= 0, from, to, here.getPort(), there.getPort());
        }
        // Netty's encoder would write addresses in version 1, too.
        return version == HAProxyProtocolVersion.V1
                ? Unpooled.copiedBuffer("PROXY UNKNOWN\r\n", StandardCharsets.US_ASCII)
                : new HAProxyMessage(version, HAProxyCommand.LOCAL, HAProxyProxiedProtocol.UNKNOWN, null, null, 0, 0);
    }

    private HAProxyMessage message(boolean ipv6, @Nullable String from, @Nullable String to, int fromPort, int toPort) {
        List<HAProxyTLV> own = new ArrayList<>();
        for (Tlv tlv : tlvs) {
            ByteBuf value = Unpooled.wrappedBuffer(tlv.value().getBytes());
            own.add(new HAProxyTLV((byte) tlv.type(), value));
        }
        return new HAProxyMessage(
                version,
                HAProxyCommand.PROXY,
                ipv6 ? HAProxyProxiedProtocol.TCP6 : HAProxyProxiedProtocol.TCP4,
                from,
                to,
                fromPort,
                toPort,
                own);
    }
}
