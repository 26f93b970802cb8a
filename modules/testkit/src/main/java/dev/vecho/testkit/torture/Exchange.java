package dev.vecho.testkit.torture;

import dev.vecho.testkit.EchoClient;
import dev.vecho.testkit.torture.Manner.End;
import dev.vecho.testkit.torture.Manner.Reading;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One stream, written by one thread and read by another, in a {@link Manner}. */
final class Exchange {

    private static final int BLOCK = 64 * 1024;

    /** So long waits a late reader whose writer does not come to its end, since nobody reads. */
    private static final int LATE_MILLIS = 300;

    private final Play play;
    private final Ledger.Account account;
    private final Manner manner;
    private final Payload payload;

    /** Of Unix domain sockets: they know no reset that would differ from the end. */
    private final boolean withoutReset;

    private final SplittableRandom writer;
    private final SplittableRandom reader;
    private final CountDownLatch written = new CountDownLatch(1);

    private volatile boolean brokenByUs;
    private volatile @Nullable IOException writeFailure;

    /** Takes its random numbers from the play at once. */
    Exchange(Play play, String listener, Manner manner) {
        this.play = play;
        this.account = play.account(listener);
        this.withoutReset = listener.startsWith("unix");
        this.manner = manner;
        this.payload = play.payload();
        this.writer = play.random().split();
        this.reader = play.random().split();
    }

    /** Plays it on a client that was just connected, and closes that. */
    void run(EchoClient client) throws Exception {
        play.keep(client);
        try (client) {
            if (manner.reading() == Reading.IN_TURN) {
                inTurn(client);
                return;
            }
            Future<?> writing = play.beside(() -> write(client));
            Exception failure = null;
            try {
                read(client);
            } catch (IOException | WrongBytes e) {
                failure = brokenByUs && e instanceof IOException ? null : e;
                // Else the writer would wait for ever for somebody to read.
                if (failure != null) {
                    account.breaks();
                    client.reset();
                }
            }
            try {
                play.await(List.of(writing));
            } catch (Exception e) {
                if (failure == null && !brokenByUs) {
                    failure = e;
                } else if (failure != null && failure != e) {
                    failure.addSuppressed(e);
                }
            }
            if (failure instanceof WrongBytes wrong) {
                throw wrong;
            }
            if (failure != null) {
                throw new IOException(failure + " with " + manner, failure);
            }
        } catch (IOException e) {
            if (!brokenByUs) {
                throw e;
            }
        }
    }

    private void write(EchoClient client) throws IOException {
        byte[] block = new byte[BLOCK];
        OutputStream out = client.out();
        try {
            for (long at = 0; at < manner.size(); ) {
                int piece = (int) Math.min(piece(writer), manner.size() - at);
                payload.fill(block, 0, piece, at);
                account.writes(piece);
                out.write(block, 0, piece);
                at += piece;
            }
            out.flush();
            end(client);
        } catch (IOException e) {
            writeFailure = e;
            throw e;
        } finally {
            written.countDown();
        }
    }

    private int piece(SplittableRandom random) {
        return switch (manner.writing()) {
            case BLOCKS -> BLOCK;
            case TRICKLE -> 1;
            case PIECES -> {
                if (random.nextInt(200) == 0) {
                    Play.pause(random.nextInt(20));
                }
                yield 1 + (int) Manner.size(random, BLOCK - 1);
            }
        };
    }

    private void end(EchoClient client) throws IOException {
        if (manner.end() == End.HALF_CLOSE) {
            client.closeOutput();
            return;
        }
        brokenByUs = true;
        account.breaks();
        if (manner.end() == End.RESET) {
            client.reset();
        } else {
            client.close();
        }
    }

    private void read(EchoClient client) throws Exception {
        byte[] block = new byte[BLOCK];
        InputStream in = client.in();
        if (manner.reading() == Reading.LATE) {
            // Whether or not everything is written then, reading begins.
            boolean all = written.await(LATE_MILLIS, TimeUnit.MILLISECONDS);
            Play.pause(all ? reader.nextInt(LATE_MILLIS) : 0);
        }
        Play.Wait wait = play.waiting();
        try {
            long came = 0;
            while (true) {
                if (manner.reading() == Reading.STALLING && reader.nextInt(50) == 0) {
                    Play.pause(reader.nextInt(200));
                }
                int most = manner.reading() == Reading.NIBBLING ? 1 + reader.nextInt(100) : BLOCK;
                wait.begin();
                int count = in.read(block, 0, most);
                wait.over();
                if (count < 0) {
                    checkEnd(came);
                    return;
                }
                if (came + count > manner.size()) {
                    throw new WrongBytes("more came back than the " + manner.size() + " bytes that were sent");
                }
                payload.verify(block, 0, count, came);
                came += count;
                account.verified(count);
            }
        } finally {
            play.done(wait);
        }
    }

    private void checkEnd(long came) throws Exception {
        // A reset of ours may be told as the end here; the service's own end comes only after everything.
        if (came < manner.size() && !brokenByUs) {
            // Linux tells of a reset once: where it has told the writer, the reader reads what is left, and the end.
            if (written.await(LATE_MILLIS, TimeUnit.MILLISECONDS) && writeFailure != null) {
                throw new IOException("broken after " + came + " bytes", writeFailure);
            }
            if (withoutReset && play.stage().settings().lenient()) {
                throw new IOException("an end after " + came + " bytes where there is no reset");
            }
            throw new WrongBytes("an orderly end after " + came + " of " + manner.size() + " bytes, " + manner);
        }
    }

    /** Writes a piece and reads it, and so on. */
    private void inTurn(EchoClient client) throws Exception {
        byte[] block = new byte[BLOCK];
        OutputStream out = client.out();
        InputStream in = client.in();
        Play.Wait wait = play.waiting();
        try {
            for (long at = 0; at < manner.size(); ) {
                int piece = (int) Math.min(piece(writer), manner.size() - at);
                payload.fill(block, 0, piece, at);
                account.writes(piece);
                out.write(block, 0, piece);
                out.flush();
                wait.begin();
                int count = in.readNBytes(block, 0, piece);
                wait.over();
                if (count < piece) {
                    checkEnd(at + count);
                }
                payload.verify(block, 0, piece, at);
                account.verified(piece);
                at += piece;
            }
            client.closeOutput();
            if (in.read() >= 0) {
                throw new WrongBytes("more came back than the " + manner.size() + " bytes that were sent");
            }
        } catch (IOException e) {
            account.breaks();
            throw e;
        } finally {
            play.done(wait);
        }
    }

    /** Plays several at the same time. */
    static void all(Play play, List<Task> exchanges) throws Exception {
        play.await(exchanges.stream().<Future<?>>map(play::beside).toList());
    }
}
