package dev.vecho.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** What an echo server of the {@link Lab} does wrong; each of them one thing. */
public interface LabFault {

    /** The server's side of a connection. */
    interface Peer {

        /** Sends bytes, or one message. */
        void send(byte[] bytes) throws IOException;

        /** Ends the output as the protocol wants it, and goes on to read. */
        void end() throws IOException;

        /** Ends the output in the middle of what the protocol wants to say: a TCP half-close, for example. */
        void cut() throws IOException;

        /** Breaks the connection off. */
        void reset() throws IOException;
    }

    /** What it does on one connection. Its methods are called on a thread that may block. */
    interface Session {

        /** Bytes, or one message, came. */
        void received(Peer peer, byte[] bytes) throws IOException;

        /** The client closed its output. */
        default void ended(Peer peer) throws IOException {
            peer.end();
        }

        /** There is a connection. */
        default void connected(Peer peer) throws IOException {}
    }

    /**
     * Begins a connection.
     *
     * @param number counts the server's connections from 0
     */
    Session session(int number);

    /** None: every byte comes back. */
    static LabFault none() {
        return number -> Peer::send;
    }

    // ---- of streams

    /** Ends the output at a byte, properly. */
    static LabFault endsAt(long offset) {
        return upTo(offset, Peer::end);
    }

    /** Ends the output at a byte, in the middle of what the protocol wants to say. */
    static LabFault cutsAt(long offset) {
        return upTo(offset, Peer::cut);
    }

    /** Breaks the connection off at a byte. */
    static LabFault resetsAt(long offset) {
        return upTo(offset, Peer::reset);
    }

    /** Turns one bit of a byte. */
    static LabFault flipsBitAt(long offset) {
        return number -> new At(offset) {
            @Override
            byte[] change(byte[] bytes, int at) {
                bytes[at] ^= 1;
                return bytes;
            }
        };
    }

    /** Sends bytes that nobody has sent, before a byte. */
    static LabFault insertsAt(long offset, byte... inserted) {
        return number -> new At(offset) {
            @Override
            byte[] change(byte[] bytes, int at) {
                return join(Arrays.copyOf(bytes, at), inserted, Arrays.copyOfRange(bytes, at, bytes.length));
            }
        };
    }

    /** Leaves out a byte and those after it, up to so many. */
    static LabFault deletesAt(long offset, int count) {
        return number -> new At(offset) {
            @Override
            byte[] change(byte[] bytes, int at) {
                return join(
                        Arrays.copyOf(bytes, at),
                        Arrays.copyOfRange(bytes, Math.min(bytes.length, at + count), bytes.length));
            }
        };
    }

    /** Hears the end, and does not answer it. */
    static LabFault swallowsTheEnd() {
        return number -> new Session() {
            @Override
            public void received(Peer peer, byte[] bytes) throws IOException {
                peer.send(bytes);
            }

            @Override
            public void ended(Peer peer) {
                // That is it.
            }
        };
    }

    /** Waits for the end before it answers. */
    static LabFault answersAtTheEnd() {
        return number -> new Session() {
            private final ByteArrayOutputStream all = new ByteArrayOutputStream();

            @Override
            public void received(Peer peer, byte[] bytes) {
                all.writeBytes(bytes);
            }

            @Override
            public void ended(Peer peer) throws IOException {
                peer.send(all.toByteArray());
                peer.end();
            }
        };
    }

    // ---- of streams and messages

    /** Reads and says nothing. */
    static LabFault silent() {
        return number -> new Session() {
            @Override
            public void received(Peer peer, byte[] bytes) {
                // That is it.
            }

            @Override
            public void ended(Peer peer) {
                // And this.
            }
        };
    }

    /** Answers the first connection well, and sends its bytes to all others. */
    static LabFault answersWithOthersBytes() {
        AtomicReference<byte[]> others = new AtomicReference<>(new byte[0]);
        return number -> (peer, bytes) -> {
            byte[] first = number == 0 ? bytes : Objects.requireNonNull(others.get());
            others.set(first);
            peer.send(first);
        };
    }

    // ---- of messages; each says which, counted from 0

    /** Does not answer one. */
    static LabFault drops(int which) {
        return messages((peer, all, bytes) -> {
            if (all.size() - 1 != which) {
                peer.send(bytes);
            }
        });
    }

    /** Answers one twice. */
    static LabFault duplicates(int which) {
        return messages((peer, all, bytes) -> {
            peer.send(bytes);
            if (all.size() - 1 == which) {
                peer.send(bytes);
            }
        });
    }

    /** Sends one that nobody has sent. */
    static LabFault invents(int after) {
        return messages((peer, all, bytes) -> {
            peer.send(bytes);
            if (all.size() - 1 == after) {
                peer.send("nobody sent this".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            }
        });
    }

    // ---- the means

    /** Something to do to a connection. */
    interface Act {
        void on(Peer peer) throws IOException;
    }

    /** What happens to a message. */
    interface Message {
        /** The last of all that came is the message itself. */
        void answer(Peer peer, List<byte[]> all, byte[] bytes) throws IOException;
    }

    private static LabFault messages(Message message) {
        return number -> {
            List<byte[]> all = new ArrayList<>();
            return (peer, bytes) -> {
                all.add(bytes);
                message.answer(peer, all, bytes);
            };
        };
    }

    private static LabFault upTo(long offset, Act then) {
        return number -> new Session() {

            private long sent;
            private boolean done;

            @Override
            public void received(Peer peer, byte[] bytes) throws IOException {
                if (done) {
                    return;
                }
                int count = (int) Math.min(bytes.length, offset - sent);
                if (count > 0) {
                    peer.send(Arrays.copyOf(bytes, count));
                    sent += count;
                }
                if (sent == offset) {
                    done = true;
                    then.on(peer);
                }
            }
        };
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** Changes the bytes that hold an offset. */
    abstract class At implements Session {

        private final long offset;
        private long seen;

        At(long offset) {
            this.offset = offset;
        }

        abstract byte[] change(byte[] bytes, int at);

        @Override
        public void received(Peer peer, byte[] bytes) throws IOException {
            boolean here = offset >= seen && offset < seen + bytes.length;
            int at = (int) (offset - seen);
            seen += bytes.length;
            peer.send(here ? change(bytes, at) : bytes);
        }
    }
}
