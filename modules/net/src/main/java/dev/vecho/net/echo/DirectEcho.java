package dev.vecho.net.echo;

import dev.vecho.core.Traffic;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The fast path of an echo: from the socket into the event loop's buffer and back, without Netty's channel. It serves
 * a connection while only data comes and nothing waits to be written; all else is left to the channel and its
 * {@link EchoPipe}. With TLS, it takes over after the handshake, uses the engine of the channel's handler, and leaves
 * to that handler whatever is not data.
 *
 * <p>It saves accesses to memory rather than instructions. With many connections, the objects of each are in no cache
 * when its next message comes, and a channel with its pipeline has many: they evict what the system keeps of the
 * sockets. A server in C that touches twenty cache lines for each of 1,000 connections is a fifth slower over Unix
 * domain sockets. So all that is used here is in this object, which is a second socket object for the channel's
 * descriptor, allocated next to Netty's registration of it.
 *
 * <p>Level-triggered, epoll checks a socket again after each event, and mostly finds nothing. So after some short
 * reads in turn this switches to edge-triggered notification (EPOLLET), until the channel has to do something or asks
 * epoll for other events; the channel does not notice. A short read means that there was no more (epoll(7), question
 * 9), up to urgent data, which EPOLLPRI reports. On Unix domain sockets a read also ends after descriptors: so this
 * reads again a while later, and where that finds much, it stays level-triggered.
 *
 * <p>Used on the event loop of its channel only.
 */
final class DirectEcho extends Socket implements EpollIoHandle {

    /** Half of it was slower with messages of 1 MiB. */
    static final int MAX_BYTES = 256 * 1024;

    private static final int MAX_SENDS = 16;

    /**
     * After so many in turn, notification becomes edge-triggered. That takes a system call, which does not pay for
     * short connections.
     */
    private static final int SHORT_READS = 16;

    /** A peer whose bytes are found so often sends descriptors, or so fast that checking again is seldom in vain. */
    private static final int MAX_FOUND = 16;

    /** EPOLLPRI of Linux, for which Netty has no constant. */
    private static final EpollIoOps ONCE = EpollIoOps.EPOLLET.with(EpollIoOps.valueOf(0x002));

    /** Reports errors, once, and urgent data: what waits to be read is left alone, also at the end of the input. */
    private static final EpollIoOps NOTHING = ONCE;

    private final EpollIoHandle channel;
    private final Map<IoHandle, DirectEcho> all;
    private final Consumer<DirectEcho> toLookAgain;

    private EpollIoOps wanted = EpollIoOps.EPOLLIN;
    private byte shortReads;
    private boolean tcp;
    private boolean isToLookAgain;
    private boolean leavesMuch;
    private @Nullable EchoPipe pipe;
    private @Nullable Traffic traffic;
    private @Nullable IdleWatch watch;
    private @Nullable SSLEngine engine;
    private @Nullable IoRegistration registration;

    /**
     * The beginning of a record whose end has not come yet. Kept only while nothing waits, so that the channel cannot
     * read past it.
     */
    private @Nullable ByteBuf beginning;

    private boolean nothingWaits;

    // Of this connection, and of what went this way only.
    private long received;
    private long sent;

    /**
     * Prepares it; it does nothing until it is {@linkplain #start started}.
     *
     * @param all where it is found by its channel's handle, while that is registered
     * @param toLookAgain is given those that are to {@linkplain #lookAgain look again}, each once until it does
     */
    DirectEcho(EpollIoHandle channel, Map<IoHandle, DirectEcho> all, Consumer<DirectEcho> toLookAgain) {
        super(channel.fd().intValue());
        this.channel = channel;
        this.all = all;
        this.toLookAgain = toLookAgain;
    }

    /**
     * Lets it echo, as long as the pipe allows it.
     *
     * @param pipe is asked before the first message, and again after something was left to the channel or given to keep
     * @param tcp whether it is a TCP connection
     * @param engine decrypts and encrypts; null where nothing is
     */
    void start(EchoPipe pipe, Traffic traffic, @Nullable IdleWatch watch, boolean tcp, @Nullable SSLEngine engine) {
        this.pipe = pipe;
        this.tcp = tcp;
        this.traffic = traffic;
        this.watch = watch;
        this.engine = engine;
    }

    /** Reports what is received to another watch, from now on. */
    void watch(IdleWatch watch) {
        this.watch = watch;
    }

    /** How many bytes came this way. */
    long received() {
        return received;
    }

    /** How many of them were sent back at once. */
    long sent() {
        return sent;
    }

    /** Whether it holds nothing of a record whose end has not come yet. */
    boolean isBetweenRecords() {
        return beginning == null;
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        boolean onlyReadable = ((EpollIoEvent) event).ops().value() == EpollIoOps.EPOLLIN.value();
        if (pipe == null || traffic == null) {
            channel.handle(registration, event);
        } else if (!onlyReadable || echo(pipe, traffic, registration) < 0) {
            // It may leave something waiting, also in the socket.
            nothingWaits = false;
            tellAgain(registration, pipe);
            if (beginning != null) {
                pipe.answer(takeBeginning());
            }
            channel.handle(registration, event);
        }
    }

    /**
     * Echoes what one read returns; epoll reports again if there is more. Returns how much came, or less than 0 if the
     * channel has to read.
     */
    private int echo(EchoPipe pipe, Traffic traffic, IoRegistration registration) {
        nothingWaits = nothingWaits || pipe.isNothingWaiting();
        if (!nothingWaits || DirectMemory.isScarce()) {
            return -1;
        }
        if (engine != null) {
            TlsEcho tls = TlsEcho.here();
            return tls == null ? -1 : echo(pipe, traffic, registration, engine, tls);
        }
        ByteBuf buffer = LoopBuffer.borrow(MAX_BYTES);
        if (buffer == null) {
            return -1;
        }
        try {
            int read = receive(buffer);
            if (read > 0) {
                afterRead(buffer, registration);
                traffic.received(read);
                received += read;
                sendAll(buffer, read, pipe, traffic);
            }
            return read;
        } catch (Throwable failure) {
            // All of them, as Netty does for what a channel reads: an Error would end the event loop.
            pipe.failed(failure);
            return 0;
        } finally {
            buffer.release();
        }
    }

    /** The same for what is encrypted. */
    private int echo(EchoPipe pipe, Traffic traffic, IoRegistration registration, SSLEngine engine, TlsEcho tls) {
        try {
            ByteBuf records = tls.records(beginning);
            int read = receive(records);
            if (read <= 0) {
                return read;
            }
            if (beginning != null) {
                takeBeginning().release();
            }
            afterRead(records, registration);
            TlsEcho.End end;
            try {
                end = tls.echo(engine);
            } finally {
                int plain = tls.plainBytes();
                traffic.received(plain);
                received += plain;
                sendAll(tls.echoes(), plain, pipe, traffic);
            }
            switch (end) {
                case RECORDS -> {
                    if (records.isReadable() && nothingWaits && TlsEcho.mayBeRecord(records)) {
                        beginning = copy(records);
                    } else if (records.isReadable()) {
                        pipe.answer(copy(records));
                    }
                }
                case ANSWER -> {
                    nothingWaits = false;
                    pipe.answer(copy(records));
                }
                case CLOSED -> {
                    nothingWaits = false;
                    pipe.closed();
                }
            }
            return read;
        } catch (SSLException broken) {
            pipe.broken(broken);
        } catch (Throwable failure) {
            pipe.failed(failure);
        }
        return 0;
    }

    private static ByteBuf copy(ByteBuf bytes) {
        return PooledByteBufAllocator.DEFAULT
                .directBuffer(bytes.readableBytes())
                .writeBytes(bytes);
    }

    private ByteBuf takeBeginning() {
        ByteBuf taken = Objects.requireNonNull(beginning);
        beginning = null;
        return taken;
    }

    /**
     * Sends what the system takes, and gives the rest to the pipe.
     *
     * @param plain how many bytes it is without encryption
     */
    private void sendAll(ByteBuf buffer, int plain, EchoPipe pipe, Traffic traffic) throws IOException {
        if (!buffer.isReadable()) {
            return;
        }
        int taken = send(buffer);
        // Again, for a peer that reads meanwhile takes more.
        for (int i = 1; i < MAX_SENDS && taken > 0 && buffer.isReadable(); i++) {
            taken = send(buffer);
        }
        int rest = Math.min(plain, buffer.readableBytes());
        traffic.sent(plain - rest);
        sent += plain - rest;
        if (buffer.isReadable()) {
            nothingWaits = false;
            pipe.keep(buffer, rest);
        }
    }

    /** Something was received. */
    private void afterRead(ByteBuf buffer, IoRegistration registration) {
        if (buffer.isWritable()) {
            countShortRead(registration);
        } else {
            tellAgain(registration);
        }
        if (watch != null) {
            watch.active();
        }
    }

    private void countShortRead(IoRegistration registration) {
        if (shortReads < SHORT_READS && !leavesMuch && ++shortReads == SHORT_READS) {
            registration.submit(wanted.with(ONCE));
        }
        if (!tcp && !isToLookAgain && shortReads == SHORT_READS) {
            isToLookAgain = true;
            toLookAgain.accept(this);
        }
    }

    /** Echoes what short reads have left, which edge-triggered notification does not report. */
    void lookAgain() {
        isToLookAgain = false;
        if (pipe == null || traffic == null || registration == null) {
            return;
        }
        for (int found = 0; registration.isValid() && shortReads == SHORT_READS; found++) {
            leavesMuch = found == MAX_FOUND;
            int received = leavesMuch ? -1 : echo(pipe, traffic, registration);
            if (received < 0) {
                tellAgain(registration, pipe);
            }
            if (received <= 0) {
                return;
            }
        }
    }

    private void tellAgain(IoRegistration registration, EchoPipe pipe) {
        try {
            tellAgain(registration);
        } catch (UncheckedIOException failure) {
            pipe.failed(failure);
        }
    }

    /** Makes notification level-triggered again. */
    private void tellAgain(IoRegistration registration) {
        if (shortReads == SHORT_READS) {
            registration.submit(wanted);
        }
        shortReads = 0;
    }

    /** Returns 0 if there was nothing, less at the end of the input, which can be read once more. */
    private int receive(ByteBuf buffer) throws IOException {
        int received;
        if (buffer.hasMemoryAddress()) {
            received = recvAddress(buffer.memoryAddress(), buffer.writerIndex(), buffer.capacity());
        } else {
            ByteBuffer room = buffer.internalNioBuffer(buffer.writerIndex(), buffer.writableBytes());
            received = recv(room, room.position(), room.limit());
        }
        buffer.writerIndex(buffer.writerIndex() + Math.max(received, 0));
        return received;
    }

    private int send(ByteBuf buffer) throws IOException {
        int sent;
        if (buffer.hasMemoryAddress()) {
            sent = sendAddress(buffer.memoryAddress(), buffer.readerIndex(), buffer.writerIndex());
        } else {
            ByteBuffer bytes = buffer.internalNioBuffer(buffer.readerIndex(), buffer.readableBytes());
            sent = send(bytes, bytes.position(), bytes.limit());
        }
        buffer.skipBytes(sent);
        return sent;
    }

    /** Gives the channel its registration, in a form that lets this know which events the channel asks for. */
    IoRegistration heard(IoRegistration registration) {
        this.registration = registration;
        return new IoRegistration() {
            @Override
            public long submit(IoOps ops) {
                wanted = (EpollIoOps) ops;
                shortReads = 0;
                // Netty removes the socket when a channel asks for nothing, and fails to add it again (4.2.18).
                return registration.submit(wanted.value() == 0 ? NOTHING : wanted);
            }

            @Override
            @SuppressWarnings("TypeParameterUnusedInFormals")
            public <T> T attachment() {
                return registration.attachment();
            }

            @Override
            public boolean isValid() {
                return registration.isValid();
            }

            @Override
            public boolean cancel() {
                return registration.cancel();
            }
        };
    }

    @Override
    public FileDescriptor fd() {
        return channel.fd();
    }

    @Override
    public void registered() {
        all.put(channel, this);
        channel.registered();
    }

    @Override
    public void unregistered() {
        all.remove(channel);
        if (beginning != null) {
            takeBeginning().release();
        }
        channel.unregistered();
    }

    /** Closes the channel, and with it the socket. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (Exception e) {
            throw new IllegalStateException("Netty's channels close without an exception", e);
        }
    }
}
