package dev.vecho.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.IoHandle;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.SSL;
import io.netty.util.internal.PlatformDependent;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * What Vecho needs of Netty that Netty calls internal: all that may change with any of its versions, in one place. UPGRADING.md
 * tells what to look at.
 */
public final class NettyInternals {

    private NettyInternals() {}

    /** What waits in a channel to be written; null once it is closed. On the channel's event loop. */
    public static @Nullable ChannelOutboundBuffer outboundBuffer(Channel channel) {
        return channel.unsafe().outboundBuffer();
    }

    /** What a channel is to the event loop that it is registered with; null where it is no handle. */
    public static @Nullable IoHandle handle(Channel channel) {
        return channel.unsafe() instanceof IoHandle handle ? handle : null;
    }

    /** Whether a handle is that of a channel. */
    public static boolean isChannel(IoHandle handle) {
        return handle instanceof Channel.Unsafe;
    }

    /** Closes a channel that was never registered. */
    public static void closeUnregistered(Channel channel) {
        channel.unsafe().closeForcibly();
    }

    /** The most bytes outside the heap that the JVM lets Netty have. */
    public static long maxDirectMemory() {
        return PlatformDependent.maxDirectMemory();
    }

    /** How many of them are in use. */
    public static long usedDirectMemory() {
        return PlatformDependent.usedDirectMemory();
    }

    /** The group of the key exchange of TLS; null where it is not known, as with the JDK's engine. */
    public static @Nullable String tlsGroup(SSLEngine engine) {
        if (!(engine instanceof ReferenceCountedOpenSslEngine openSsl)) {
            return null;
        }
        try {
            return SSL.getGroupName(openSsl.sslPointer());
        } catch (Exception | LinkageError e) {
            // One that is closed, or a native library that is older than this method.
            return null;
        }
    }
}
