package dev.vecho.transport.http;

import dev.vecho.core.ConfiguredService.Answers;
import dev.vecho.core.FailureReason;
import dev.vecho.core.VertxInternals;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The echo of a WebSocket, RFC 6455. A message goes back while it comes: each part that the network delivers becomes a
 * fragment of the answer, so that memory does not grow with a message, and a text that is not UTF-8 is refused at its
 * first wrong byte. Netty's decoder would hold each frame whole and check a text at the end of a frame.
 *
 * <p>Control frames are answered at once, between the fragments of a message too.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A failed write of Netty's comes to exceptionCaught.
final class WebSocketEcho extends ChannelDuplexHandler {

    private static final Logger LOG = LoggerFactory.getLogger(WebSocketEcho.class);

    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    private static final int FIN = 0x80;
    private static final int RSV1 = 0x40;
    private static final int RSV2_AND_3 = 0x30;
    private static final int MASKED = 0x80;
    private static final int MAX_CONTROL_BYTES = 125;

    private static final int GOING_AWAY = 1001;
    private static final int PROTOCOL_ERROR = 1002;
    private static final int NOT_CONSISTENT = 1007;
    private static final int TOO_BIG = 1009;
    private static final int INTERNAL_ERROR = 1011;

    private final WebSocketCarrier socket;
    private final int maxMessageBytes;
    private final @Nullable WebSocketDeflate deflate;
    private final @Nullable ServedRequest served;
    private final Utf8 utf8 = new Utf8();

    /** The head of a frame, as far as it has come: two bytes, the length, the mask. */
    private final byte[] head = new byte[14];

    private int headBytes;

    /** Where the buffer that is being read began. */
    private int begin;

    // The frame in progress.
    private boolean inFrame;
    private boolean fin;
    private int opcode;
    private long frameLeft;
    private int mask;
    private final byte[] control = new byte[MAX_CONTROL_BYTES];
    private int controlBytes;

    // The message in progress: its opcode, or CONTINUATION for none.
    private int message;
    private boolean compressed;
    private boolean answered;
    private long messageBytes;

    private boolean over;

    /**
     * Makes it for one connection.
     *
     * @param served answers messages in place of the echo; null for the echo
     */
    WebSocketEcho(
            HttpListenerOptions options, WebSocketCarrier socket, boolean deflate, @Nullable ServedRequest served) {
        this.served = served;
        this.socket = socket;
        this.maxMessageBytes = options.maxMessageBytes();
        this.deflate = deflate ? new WebSocketDeflate() : null;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object received) {
        ByteBuf in = (ByteBuf) received;
        begin = in.readerIndex();
        try {
            while (!over && in.isReadable()) {
                if (inFrame) {
                    payload(ctx, in);
                } else {
                    head(ctx, in);
                }
            }
        } finally {
            in.release();
        }
        closeIfDraining(ctx);
    }

    /** Between messages, for everything that came was echoed. */
    private void closeIfDraining(ChannelHandlerContext ctx) {
        if (!over && socket.draining() && !isWithinMessage()) {
            close(ctx, GOING_AWAY);
        }
    }

    private boolean isWithinMessage() {
        return inFrame || headBytes > 0 || message != CONTINUATION;
    }

    private void head(ChannelHandlerContext ctx, ByteBuf in) {
        head[headBytes++] = in.readByte();
        if (headBytes == 2 && !isLegal(ctx)) {
            return;
        }
        if (headBytes < 2 || headBytes < headLength()) {
            return;
        }
        long length = length(ctx);
        int maskAt = headBytes - 4;
        mask = (head[maskAt] & 0xff) << 24
                | (head[maskAt + 1] & 0xff) << 16
                | (head[maskAt + 2] & 0xff) << 8
                | (head[maskAt + 3] & 0xff);
        headBytes = 0;
        if (over) {
            return;
        }
        frameLeft = length;
        controlBytes = 0;
        if (opcode < CLOSE && !beginData(ctx, length)) {
            return;
        }
        inFrame = true;
        if (length == 0) {
            payload(ctx, in);
        }
    }

    private int headLength() {
        return switch (head[1] & 0x7f) {
            case 126 -> 8;
            case 127 -> 14;
            default -> 6;
        };
    }

    /** Whether the first two bytes of a frame may be so, where they are. */
    private boolean isLegal(ChannelHandlerContext ctx) {
        fin = (head[0] & FIN) != 0;
        opcode = head[0] & 0x0f;
        boolean first = opcode == TEXT || opcode == BINARY;
        if ((head[0] & RSV2_AND_3) != 0 || ((head[0] & RSV1) != 0 && (deflate == null || !first))) {
            return fail(ctx, PROTOCOL_ERROR, "a reserved bit is set");
        }
        if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) {
            return fail(ctx, PROTOCOL_ERROR, "a reserved opcode");
        }
        if ((head[1] & MASKED) == 0) {
            return fail(ctx, PROTOCOL_ERROR, "not masked");
        }
        if (opcode >= CLOSE && (!fin || (head[1] & 0x7f) > MAX_CONTROL_BYTES)) {
            return fail(ctx, PROTOCOL_ERROR, "a control frame that is fragmented or too long");
        }
        if (opcode == CONTINUATION && message == CONTINUATION) {
            return fail(ctx, PROTOCOL_ERROR, "nothing to continue");
        }
        if (first && message != CONTINUATION) {
            return fail(ctx, PROTOCOL_ERROR, "a message within a message");
        }
        return true;
    }

    private long length(ChannelHandlerContext ctx) {
        int small = head[1] & 0x7f;
        if (small < 126) {
            return small;
        }
        long length = 0;
        for (int i = 2; i < headBytes - 4; i++) {
            length = length << 8 | (head[i] & 0xff);
        }
        if (length < 126 || (small == 127 && length < 65_536)) {
            fail(ctx, PROTOCOL_ERROR, "a length that is negative or longer than needed");
        }
        return length;
    }

    private boolean beginData(ChannelHandlerContext ctx, long length) {
        if (message == CONTINUATION) {
            message = opcode;
            compressed = (head[0] & RSV1) != 0;
            answered = false;
            messageBytes = 0;
            utf8.reset();
        }
        if (!compressed) {
            messageBytes += length;
        }
        return messageBytes <= maxMessageBytes || tooBig(ctx);
    }

    private void payload(ChannelHandlerContext ctx, ByteBuf in) {
        int count = (int) Math.min(frameLeft, in.readableBytes());
        // What was read before it, the head of this frame if it came in this buffer, is room for the head of the
        // answer.
        int before = in.readerIndex() - begin;
        ByteBuf part = in.retainedSlice(begin, before + count).skipBytes(before);
        in.skipBytes(count);
        boolean passedOn = false;
        try {
            mask = unmask(part, mask);
            frameLeft -= count;
            inFrame = frameLeft > 0;
            if (opcode >= CLOSE) {
                part.readBytes(control, controlBytes, count);
                controlBytes += count;
                if (!inFrame) {
                    control(ctx);
                }
            } else if (compressed) {
                inflate(ctx, part, fin && !inFrame);
            } else {
                passedOn = true;
                data(ctx, part, fin && !inFrame);
            }
        } finally {
            if (!passedOn) {
                part.release();
            }
        }
    }

    /** Unmasks bytes, and returns the mask as rotated for the byte that comes next. */
    private static int unmask(ByteBuf bytes, int mask) {
        ByteBuffer buffer = bytes.internalNioBuffer(bytes.readerIndex(), bytes.readableBytes())
                .slice()
                .order(ByteOrder.nativeOrder());
        // The compiler vectorizes loops over longs in native byte order.
        LongBuffer longs = buffer.asLongBuffer();
        int count = longs.limit();
        int ordered = buffer.order() == ByteOrder.BIG_ENDIAN ? mask : Integer.reverseBytes(mask);
        long twice = (long) ordered << 32 | (ordered & 0xffff_ffffL);
        for (int i = 0; i < count; i++) {
            longs.put(i, longs.get(i) ^ twice);
        }
        int rotated = mask;
        for (int i = count * Long.BYTES; i < buffer.limit(); i++) {
            buffer.put(i, (byte) (buffer.get(i) ^ rotated >>> 24));
            rotated = Integer.rotateLeft(rotated, 8);
        }
        return rotated;
    }

    /** A part of a message. Releases it. */
    private void data(ChannelHandlerContext ctx, ByteBuf part, boolean last) {
        socket.received(part.readableBytes());
        if (message == TEXT && (!utf8.accept(part) || (last && !utf8.isComplete()))) {
            part.release();
            fail(ctx, NOT_CONSISTENT, "a text that is not UTF-8");
            return;
        }
        if (served != null) {
            served.add(part);
            part.release();
            if (last) {
                serve(ctx, served);
            }
            return;
        }
        socket.sent(part.readableBytes());
        answer(ctx, part, last);
    }

    /** Answers a message that has ended. */
    private void serve(ChannelHandlerContext ctx, ServedRequest served) {
        int kind = served.answersText(message == TEXT) ? TEXT : BINARY;
        message = CONTINUATION;
        try {
            served.answer(new Answers() {
                @Override
                public void send(Buffer answer) {
                    if (!over) {
                        socket.sent(answer.length());
                        write(ctx, FIN | kind, VertxInternals.bytes(answer));
                    }
                }

                @Override
                public void fault(String name) {
                    socket.fault(name);
                }
            });
        } catch (RuntimeException e) {
            ServedRequest.failed(ctx.channel(), e);
            socket.broken(FailureReason.INTERNAL);
            close(ctx, INTERNAL_ERROR);
        }
    }

    private void inflate(ChannelHandlerContext ctx, ByteBuf part, boolean last) {
        WebSocketDeflate inflating = deflate;
        if (inflating == null) {
            throw new IllegalStateException("nothing was agreed upon");
        }
        try {
            inflating.inflate(part, last, (bytes, length) -> {
                messageBytes += length;
                if (messageBytes > maxMessageBytes) {
                    return tooBig(ctx);
                }
                socket.received(length);
                if (message == TEXT && !utf8.accept(bytes, length)) {
                    return fail(ctx, NOT_CONSISTENT, "a text that is not UTF-8");
                }
                if (served != null) {
                    return served.add(bytes, length) || tooBig(ctx);
                }
                socket.sent(length);
                inflating.deflate(ctx.alloc(), bytes, length, ready -> answer(ctx, ready, false));
                return true;
            });
        } catch (DataFormatException e) {
            fail(ctx, NOT_CONSISTENT, "not compressed as agreed upon");
        }
        if (!over && last) {
            if (message == TEXT && !utf8.isComplete()) {
                fail(ctx, NOT_CONSISTENT, "a text that is not UTF-8");
            } else if (served != null) {
                serve(ctx, served);
            } else {
                answer(ctx, inflating.finish(ctx.alloc()), true);
            }
        }
    }

    private void answer(ChannelHandlerContext ctx, ByteBuf part, boolean last) {
        if (part.isReadable() || last) {
            int first = (last ? FIN : 0) | (answered ? CONTINUATION : message | (compressed ? RSV1 : 0));
            answered = true;
            write(ctx, first, part);
        } else {
            part.release();
        }
        if (last) {
            message = CONTINUATION;
        }
    }

    /** Writes a frame. Its head goes before the payload in the same buffer, if there is room. */
    private static void write(ChannelHandlerContext ctx, int first, ByteBuf payload) {
        int length = payload.readableBytes();
        int start = payload.readerIndex() - headLength(length);
        if (start >= 0) {
            writeHead(payload.setIndex(start, start), first, length);
            payload.writerIndex(payload.writerIndex() + length);
        } else {
            ByteBuf head = ctx.alloc().buffer(headLength(length));
            writeHead(head, first, length);
            ctx.write(head, ctx.voidPromise());
        }
        ctx.write(payload, ctx.voidPromise());
    }

    private static int headLength(int length) {
        return length < 126 ? 2 : length < 65_536 ? 4 : 10;
    }

    private static void writeHead(ByteBuf frame, int first, int length) {
        frame.writeByte(first);
        switch (headLength(length)) {
            case 2 -> frame.writeByte(length);
            case 4 -> frame.writeByte(126).writeShort(length);
            default -> frame.writeByte(127).writeLong(length);
        }
    }

    private void control(ChannelHandlerContext ctx) {
        if (opcode == PING) {
            write(ctx, FIN | PONG, Unpooled.copiedBuffer(control, 0, controlBytes));
        } else if (opcode == CLOSE) {
            closed(ctx);
        }
    }

    /** The peer closes; the answer has its code. */
    private void closed(ChannelHandlerContext ctx) {
        if (controlBytes == 0) {
            over = true;
            write(ctx, FIN | CLOSE, Unpooled.EMPTY_BUFFER);
            socket.closeAndDiscardInput();
            return;
        }
        int code = (control[0] & 0xff) << 8 | (control[1] & 0xff);
        if (controlBytes == 1 || !mayBeSent(code)) {
            fail(ctx, PROTOCOL_ERROR, "a close code that nobody may send");
            return;
        }
        Utf8 reason = new Utf8();
        if (!reason.accept(Arrays.copyOfRange(control, 2, controlBytes), controlBytes - 2) || !reason.isComplete()) {
            fail(ctx, NOT_CONSISTENT, "a close reason that is not UTF-8");
            return;
        }
        close(ctx, code);
    }

    /** Section 7.4, and what was registered with IANA since. */
    private static boolean mayBeSent(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    }

    private boolean tooBig(ChannelHandlerContext ctx) {
        return fail(ctx, TOO_BIG, "a message of more than " + maxMessageBytes + " bytes");
    }

    /** Fails the connection; false, for convenience. */
    private boolean fail(ChannelHandlerContext ctx, int code, String why) {
        LOG.debug("{}: {}: closed with {}", ctx.channel(), why, code);
        close(ctx, code);
        return false;
    }

    private void close(ChannelHandlerContext ctx, int code) {
        over = true;
        write(ctx, FIN | CLOSE, Unpooled.buffer(2).writeShort(code));
        socket.closeAndDiscardInput();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (HttpSocket.isEndOfInput(event) && !over) {
            over = true;
            if (isWithinMessage()) {
                socket.broken();
            }
            socket.closeAfterLastByte();
        } else if (event == HttpSocket.DRAIN) {
            closeIfDraining(ctx);
        }
        ctx.fireUserEventTriggered(event);
    }

    /** The connection closes at the end of a grace period, or because it was idle. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        socket.noteClose();
        if (!socket.isDrained()) {
            ctx.close(promise);
            return;
        }
        sayGoingAway(ctx);
        socket.closeAfterLastWords(promise);
    }

    private void sayGoingAway(ChannelHandlerContext ctx) {
        if (!over) {
            over = true;
            write(ctx, FIN | CLOSE, Unpooled.buffer(2).writeShort(GOING_AWAY));
        }
    }

    /** Its stream ends with the connection below. */
    void endEarly(ChannelHandlerContext ctx) {
        sayGoingAway(ctx);
        socket.closeAndDiscardInput();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        socket.exceptionCaught(ctx, cause);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (deflate != null) {
            deflate.close();
        }
    }
}
