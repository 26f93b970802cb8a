package dev.vecho.net.listen;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.unix.UnixChannelOption;
import java.net.StandardSocketOptions;

/** Has several sockets of datagrams, of one user, listen on the same port (SO_REUSEPORT). */
public final class SharedPort {

    private SharedPort() {}

    /**
     * Lets other sockets have the same address, if they say so before they bind it.
     *
     * @return false where the operating system has nothing of the kind
     */
    public static boolean allow(Channel socket) {
        try {
            return socket instanceof NioDatagramChannel
                    ? socket.config().setOption(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true)
                    : socket.config().setOption(UnixChannelOption.SO_REUSEPORT, true);
        } catch (ChannelException | UnsupportedOperationException e) {
            return false;
        }
    }
}
