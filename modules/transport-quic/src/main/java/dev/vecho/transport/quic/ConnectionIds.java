package dev.vecho.transport.quic;

import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes the connection ids of one socket, and remembers which of them are spare ones of the same connection. An id begins with the
 * two bytes that tell the socket; the next one tells which of its {@link Codecs} the connection belongs to.
 */
final class ConnectionIds {

    /** Two active ids a connection for as many connections as a listener takes by default. */
    private static final int MAX_REMEMBERED = 20_000;

    private QuicConnectionIdGenerator generator = QuicConnectionIdGenerator.randomGenerator();

    /** The first id of a connection by its others, also of connections that are gone or never came to be. */
    private final Map<ConnectionId, ConnectionId> firsts = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ConnectionId, ConnectionId> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    /** Says what makes them; call it before the first is made. */
    void generate(QuicConnectionIdGenerator generator) {
        this.generator = generator;
    }

    /** The first id of the connection that an id belongs to, as far as it is remembered. */
    ConnectionId first(ConnectionId id) {
        return firsts.getOrDefault(id, id);
    }

    /** What makes them for one codec. */
    QuicConnectionIdGenerator of(byte codec) {
        return new OfCodec(codec);
    }

    private final class OfCodec implements QuicConnectionIdGenerator {

        private final byte codec;

        OfCodec(byte codec) {
            this.codec = codec;
        }

        private ByteBuffer mark(ByteBuffer id) {
            return id.put(id.position() + ConnectionId.CODEC, codec);
        }

        @Override
        public ByteBuffer newId(int length) {
            return mark(generator.newId(length));
        }

        /** Called for a spare id, with another one of the same connection. */
        @Override
        public ByteBuffer newId(ByteBuffer other, int length) {
            ByteBuffer id = mark(generator.newId(other, length));
            firsts.put(ConnectionId.of(id), first(ConnectionId.of(other)));
            return id;
        }

        /** Called for the first id of a connection that may come to be, with those that the client has chosen. */
        @Override
        public ByteBuffer newId(ByteBuffer source, ByteBuffer destination, int length) {
            return mark(generator.newId(source, destination, length));
        }

        @Override
        public int maxConnectionIdLength() {
            return generator.maxConnectionIdLength();
        }

        @Override
        public boolean isIdempotent() {
            return generator.isIdempotent();
        }
    }
}
