package dev.vecho.net.io;

import dev.vecho.net.echo.EpollLoop;
import dev.vecho.net.listen.AcceptFailures;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.datagram.DatagramSocketOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TcpConfig;
import io.vertx.core.spi.transport.Transport;
import org.jspecify.annotations.Nullable;

/**
 * One of Vert.x's transports, with event loops and an accepting socket of Vecho's. It does with the SPI of Vert.x alone, and so works in
 * a named module, too, for which the classes of Vert.x that it stands for are closed.
 */
final class OwnTransport implements Transport {

    private final Transport vertx;
    private final boolean direct;

    /**
     * Makes it.
     *
     * @param vertx what makes channels
     * @param direct whether its event loops get an {@link EpollLoop}; they must be those of epoll
     */
    OwnTransport(Transport vertx, boolean direct) {
        this.vertx = vertx;
        this.direct = direct;
    }

    /** What it stands for. */
    Transport vertx() {
        return vertx;
    }

    /** Whether its event loops have an {@link EpollLoop}. */
    boolean isDirect() {
        return direct;
    }

    @Override
    public IoHandlerFactory ioHandlerFactory() {
        return direct ? EpollLoop.factory(vertx.ioHandlerFactory()) : vertx.ioHandlerFactory();
    }

    @Override
    public void configure(TcpConfig options, boolean domainSocket, ServerBootstrap server) {
        vertx.configure(options, domainSocket, server);
        AcceptFailures.install(server);
    }

    @Override
    public void configure(TcpConfig options, boolean domainSocket, Bootstrap client) {
        vertx.configure(options, domainSocket, client);
    }

    @Override
    public void configure(DatagramChannel channel, DatagramSocketOptions options) {
        vertx.configure(channel, options);
    }

    @Override
    public boolean supportsDomainSockets() {
        return vertx.supportsDomainSockets();
    }

    @Override
    public boolean supportFileRegion() {
        return vertx.supportFileRegion();
    }

    @Override
    public boolean isAvailable() {
        return vertx.isAvailable();
    }

    @Override
    public @Nullable Throwable unavailabilityCause() {
        return vertx.unavailabilityCause();
    }

    @Override
    public java.net.SocketAddress convert(SocketAddress address) {
        return vertx.convert(address);
    }

    @Override
    public SocketAddress convert(java.net.SocketAddress address) {
        return vertx.convert(address);
    }

    @SuppressWarnings("deprecation") // The SPI of Vert.x has it.
    @Override
    public DatagramChannel datagramChannel(InternetProtocolFamily family) {
        return vertx.datagramChannel(family);
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannelFactory() {
        return vertx.datagramChannelFactory();
    }

    @Override
    public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
        return vertx.channelFactory(domainSocket);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
        return vertx.serverChannelFactory(domainSocket);
    }
}
