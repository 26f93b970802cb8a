package dev.vecho.launcher;

import dev.vecho.net.io.Io;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.vertx.core.impl.transports.EpollTransport;
import io.vertx.core.net.TcpConfig;
import io.vertx.core.spi.transport.Transport;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** One of Vecho's transports, which lets a test get at the channels of the connections that are accepted. */
final class AcceptedChannels implements io.vertx.core.transport.Transport {

    private final io.vertx.core.transport.Transport known;
    private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();

    AcceptedChannels(String io) {
        this.known = Io.transport(io);
    }

    /** The connections in the order in which they came. */
    BlockingQueue<Channel> accepted() {
        return accepted;
    }

    @Override
    public String name() {
        return known.name();
    }

    @Override
    public boolean available() {
        return known.available();
    }

    @Override
    public Throwable unavailabilityCause() {
        return known.unavailabilityCause();
    }

    @Override
    public Transport implementation() {
        Transport implementation = known.implementation();
        if (name().equals("epoll")) {
            // Unix domain sockets need one that is known for it.
            return new EpollTransport() {
                @Override
                public IoHandlerFactory ioHandlerFactory() {
                    return implementation.ioHandlerFactory();
                }

                @Override
                public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
                    return watched(implementation.serverChannelFactory(domainSocket));
                }

                @Override
                public void configure(TcpConfig options, boolean domainSocket, ServerBootstrap server) {
                    implementation.configure(options, domainSocket, server);
                }
            };
        }
        return (Transport) Proxy.newProxyInstance(
                Transport.class.getClassLoader(), new Class<?>[] {Transport.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(implementation, arguments);
                        return method.getName().equals("serverChannelFactory")
                                ? watched((ChannelFactory<?>) result)
                                : result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private ChannelFactory<ServerChannel> watched(ChannelFactory<?> factory) {
        return () -> {
            ServerChannel listening = (ServerChannel) factory.newChannel();
            listening.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object message) {
                    accepted.add((Channel) message);
                    ctx.fireChannelRead(message);
                }
            });
            return listening;
        };
    }
}
